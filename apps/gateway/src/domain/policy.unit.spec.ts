import { actorOfCertificate, canSeeOperation, canSeeProject, isAllowed, meteredProjects, unixActor, visibleProjects, type Actor, type Need } from './policy';

const certificate = (type: string, restricted = false, projects: string[] = []) =>
  actorOfCertificate({ type, restricted, projects }, 'f00', '10.0.0.1:5', false);
const needs: Record<string, Need> = {
  public: { kind: 'public' },
  metrics: { kind: 'metrics' },
  trusted: { kind: 'trusted' },
  mine: { kind: 'project', project: 'mine' },
  other: { kind: 'project', project: 'other' },
  admin: { kind: 'admin' },
};
const allowed = (actor: Actor): string[] => Object.keys(needs).filter((need) => isAllowed(actor, needs[need]!));

describe('policy', () => {
  it('lets local root and unrestricted certificates do everything', () => {
    for (const actor of [unixActor, certificate('client')]) {
      expect(allowed(actor)).toEqual(Object.keys(needs));
      expect(visibleProjects(actor)).toBeNull();
    }
  });

  it('keeps a restricted certificate to its projects', () => {
    const actor = certificate('client', true, ['mine']);
    expect(allowed(actor)).toEqual(['public', 'metrics', 'trusted', 'mine']);
    expect(visibleProjects(actor)).toEqual(['mine']);
    expect(canSeeProject(actor, 'default')).toBe(false);
  });

  it('gives a restricted certificate without projects nothing of any project', () => {
    expect(allowed(certificate('client', true))).toEqual(['public', 'metrics', 'trusted']);
  });

  it('lets a metrics certificate read metrics only', () => {
    expect(allowed(certificate('metrics'))).toEqual(['public', 'metrics']);
    expect(meteredProjects(certificate('metrics'))).toBeNull();
    expect(certificate('metrics').projects).toEqual([]);
  });

  it('counts no instances of other projects for a restricted certificate, of either type', () => {
    expect(meteredProjects(certificate('metrics', true, ['mine']))).toEqual(['mine']);
    expect(meteredProjects(certificate('client', true, ['mine']))).toEqual(['mine']);
    expect(allowed(certificate('metrics', true, ['mine']))).toEqual(['public', 'metrics']);
  });

  it('hides join tokens from restricted certificates, also those of their projects', () => {
    const token = { project: 'mine', class: 'token' };
    expect(canSeeOperation(certificate('client', true, ['mine']), token)).toBe(false);
    expect(canSeeOperation(certificate('client', true, ['mine']), { ...token, class: 'task' })).toBe(true);
    expect(canSeeOperation(certificate('client'), token)).toBe(true);
  });

  it.each([
    ['unknown', actorOfCertificate(undefined, 'f00', 'a', false)],
    ['expired', actorOfCertificate({ type: 'client', restricted: false, projects: [] }, 'f00', 'a', true)],
    ['of an unknown type', certificate('server')],
  ])('treats a certificate that is %s as nobody', (_why, actor) => {
    expect(allowed(actor)).toEqual(['public']);
    expect(visibleProjects(actor)).toEqual([]);
    expect(actor.username).toBe('');
  });
});
