import type { MemberEvent } from '@weft/contracts';
import { decideMember, type MemberCommand } from './member.decider';
import { memberEtag, memberFold, type MemberState } from './member.state';

const given = (...events: MemberEvent[]): MemberState => events.reduce(memberFold.evolve, memberFold.initial);
const joined: MemberEvent = { type: 'MemberJoined', data: { name: 'host1', architecture: 'x86_64' } };
const removed: MemberEvent = { type: 'MemberRemoved', data: { name: 'host1' } };
const enrol: MemberCommand = { type: 'enrol', name: 'host1', architecture: 'x86_64' };
const update = (changes: Partial<Extract<MemberCommand, { type: 'update' }>>): MemberCommand => ({
  type: 'update',
  mode: 'merge',
  knownGroups: ['default', 'gpu'],
  ...changes,
});

describe('a member', () => {
  it('enrols once, and not after it was removed, unless it is invited again', () => {
    expect(decideMember(enrol, given())).toEqual([joined]);
    expect(decideMember(enrol, given(joined))).toEqual([]);
    expect(decideMember(enrol, given(joined, removed))).toEqual([]);
    const invited = decideMember({ type: 'invite', name: 'host1' }, given(joined, removed));
    expect(decideMember(enrol, given(joined, removed, ...invited))).toEqual([joined]);
    expect(() => decideMember({ type: 'invite', name: 'host1' }, given(joined))).toThrow('already has a member');
  });

  it('keeps what a change does not name; a replacement without groups keeps them too', () => {
    const [event] = decideMember(update({ config: { 'scheduler.instance': 'manual' }, groups: ['gpu', 'default'] }), given(joined));
    expect(event!.data).toEqual({
      name: 'host1',
      description: '',
      config: { 'scheduler.instance': 'manual' },
      roles: [],
      failureDomain: 'default',
      groups: ['default', 'gpu'],
    });
    const [replaced] = decideMember(update({ mode: 'replace', description: 'rack 3', groups: [], roles: ['database', 'event-hub'] }), given(joined, event!));
    expect(replaced!.data).toMatchObject({ description: 'rack 3', config: {}, roles: ['event-hub'], groups: ['default', 'gpu'] });
  });

  it.each([
    [{ config: { 'scheduler.instance': 'maybe' } }, 'Invalid value for cluster member configuration key "scheduler.instance"'],
    [{ config: { nonsense: 'x' } }, 'Invalid cluster member configuration key "nonsense"'],
    [{ roles: ['king'] }, 'Invalid cluster role "king"'],
    [{ groups: ['nowhere'] }, 'Cluster group "nowhere" not found'],
    [{ groups: [] }, 'at least one group'],
    [{ ifMatch: '"00"' }, "ETag doesn't match"],
  ])('refuses %j', (changes, message) => expect(() => decideMember(update(changes), given(joined))).toThrow(message));

  it('has the ETag that LXD 5.0.2 shows for the same member', () => {
    const settings = { description: '', config: {}, roles: [], failureDomain: 'default', groups: ['default'] };
    expect(memberEtag(settings)).toMatch(/^[0-9a-f]{64}$/);
    expect(decideMember(update({ ifMatch: `"${memberEtag(settings)}"`, description: 'x' }), given(joined))).toHaveLength(1);
  });

  it('is evacuated and restored, each once', () => {
    const evacuated = decideMember({ type: 'evacuate' }, given(joined));
    expect(evacuated).toEqual([{ type: 'MemberEvacuated', data: { name: 'host1' } }]);
    expect(() => decideMember({ type: 'evacuate' }, given(joined, ...evacuated))).toThrow('already evacuated');
    expect(decideMember({ type: 'restore' }, given(joined, ...evacuated))).toEqual([{ type: 'MemberRestored', data: { name: 'host1' } }]);
    expect(() => decideMember({ type: 'restore' }, given(joined))).toThrow('not evacuated');
  });

  it('leaves only when nothing is left on it', () => {
    expect(() => decideMember({ type: 'remove', instances: ['c1', 'web/c2'] }, given(joined))).toThrow('c1, web/c2');
    expect(decideMember({ type: 'remove', instances: [] }, given(joined))).toEqual([removed]);
    expect(() => decideMember({ type: 'remove', instances: [] }, given(joined, removed))).toThrow('Cluster member not found');
  });
});
