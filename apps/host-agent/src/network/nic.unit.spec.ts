import type { BoundNic, InstanceSpec } from '@weft/contracts';
import { nicChanges, nicsOf } from './nic';

const bound = (more: Partial<BoundNic> = {}): BoundNic => ({
  ifaceId: 'port',
  hwaddr: '00:16:3E:00:00:01',
  mtu: 1442,
  network: 'blue',
  guestName: 'eth0',
  addresses: ['10.0.0.2/24'],
  ...more,
});
const nics = (given: Record<string, BoundNic>, type: InstanceSpec['type'] = 'container') => nicsOf({ id: 'i', type, devices: {}, nics: given });

describe('network devices', () => {
  it('have names of the host that fit, and stay', () => {
    const [nic] = nics({ eth0: bound() });
    expect(nic).toMatchObject({ link: expect.stringMatching(/^veth[0-9a-f]{8}$/), hwaddr: '00:16:3e:00:00:01' });
    expect(nics({ eth0: bound() })).toEqual([nic]);
    expect(nics({ eth0: bound() }, 'virtual-machine')[0]!.link).toMatch(/^tap/);
    expect(nics({ eth0: bound({ hostName: 'mine' }) })[0]!.link).toBe('mine');
  });

  it.each([
    ['a name with a slash', bound({ guestName: 'a/b' })],
    ['a name that opens a new line', bound({ guestName: 'a\nb' })],
    ['a name that is too long', bound({ hostName: 'a'.repeat(16) })],
    ['..', bound({ guestName: '..' })],
    ['no MAC', bound({ hwaddr: 'x' })],
    ['no MTU', bound({ mtu: 1 })],
  ])('are refused with %s', (_, nic) => expect(() => nics({ eth0: nic })).toThrow(/^Device "eth0"/));

  it('are refused when two have one name, or no network has bound one', () => {
    expect(() => nics({ a: bound(), b: bound() })).toThrow(/another one is called "eth0"/);
    expect(() => nics({ a: bound({ hostName: 'x' }), b: bound({ hostName: 'x', guestName: 'eth1' }) })).toThrow(/another one is called "x"/);
    expect(() => nicsOf({ id: 'i', type: 'container', devices: { eth0: { type: 'nic' } }, nics: {} })).toThrow(/not connected to a managed network/);
  });

  it('change only where the wire does', () => {
    const before = nics({ a: bound(), b: bound({ guestName: 'eth1' }), c: bound({ guestName: 'eth2' }) });
    const after = nics({ a: bound({ ifaceId: 'other' }), b: bound({ guestName: 'eth1', mtu: 1300 }), d: bound({ guestName: 'eth3' }) });
    const names = (list: readonly { device: string }[]) => list.map(({ device }) => device);
    const { removed, added, kept } = nicChanges(before, after);
    expect([names(removed), names(added), names(kept)]).toEqual([['b', 'c'], ['b', 'd'], ['a']]);
    expect(kept[0]!.ifaceId).toBe('other');
  });
});
