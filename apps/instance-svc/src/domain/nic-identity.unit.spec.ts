import { askedIdentities, nicsOf, withNicIdentities } from './nic-identity';

const nic = { type: 'nic', network: 'blue' };
const root = { type: 'disk', path: '/', pool: 'default' };
const instance = (devices: Record<string, Record<string, string>>, config = {}) => ({ id: 'i1', config, devices });

it('gives a NIC a MAC address and a name, always the same ones', () => {
  const config = withNicIdentities(instance({ root, eth0: nic }, { 'user.a': 'b' }));
  expect(config).toEqual({ 'user.a': 'b', 'volatile.eth0.hwaddr': expect.stringMatching(/^00:16:3e(:[0-9a-f]{2}){3}$/), 'volatile.eth0.name': 'eth0' });
  expect(withNicIdentities(instance({ root, eth0: nic }, config))).toEqual(config);
  expect(nicsOf(instance({ root, eth0: nic }))).toEqual(nicsOf(instance({ eth0: nic }, config)));
  expect(withNicIdentities({ ...instance({ eth0: nic }), id: 'i2' })['volatile.eth0.hwaddr']).not.toBe(config['volatile.eth0.hwaddr']);
});

it('keeps what the user or an earlier run has settled', () => {
  const devices = { lan: { ...nic, hwaddr: '00:16:3E:00:00:01', name: 'net0' }, wan: nic };
  const config = { 'volatile.wan.hwaddr': '00:16:3e:00:00:02' };
  expect(nicsOf(instance(devices, config))).toEqual({
    lan: { ...nic, hwaddr: '00:16:3e:00:00:01', name: 'net0' },
    wan: { ...nic, hwaddr: '00:16:3e:00:00:02', name: 'eth0' },
  });
  expect(withNicIdentities(instance(devices, config))).toEqual({ ...config, 'volatile.wan.name': 'eth0' });
});

it('chooses names that are free', () => {
  const names = Object.values(nicsOf(instance({ a: nic, b: { ...nic, name: 'eth0' }, c: nic }))).map(({ name }) => name);
  expect(names).toEqual(['eth1', 'eth0', 'eth2']);
});

it('forgets NICs that are gone, and nothing else', () => {
  const config = { 'volatile.eth0.hwaddr': '00:16:3e:00:00:02', 'volatile.eth0.name': 'eth0', 'volatile.uuid': 'u', 'volatile.last_state.power': 'RUNNING' };
  expect(withNicIdentities(instance({ root }, config))).toEqual({ 'volatile.uuid': 'u', 'volatile.last_state.power': 'RUNNING' });
});

it('refuses two NICs of one name or address, and an address that is none', () => {
  expect(() => nicsOf(instance({ a: { ...nic, name: 'eth0' }, b: { ...nic, name: 'eth0' } }))).toThrow('another NIC has the interface name "eth0"');
  const hwaddr = '00:16:3e:00:00:01';
  expect(() => nicsOf(instance({ a: { ...nic, hwaddr }, b: { ...nic, hwaddr } }))).toThrow(`another NIC has the MAC address "${hwaddr}"`);
  expect(() => withNicIdentities(instance({ eth0: nic }, { 'volatile.eth0.hwaddr': 'x' }))).toThrow('volatile.eth0.hwaddr');
});

it('knows what a moved instance brings along', () => {
  expect(askedIdentities({ 'volatile.uuid': 'u', 'volatile.eth0.hwaddr': '00:16:3e:00:00:01', 'user.a': 'b' })).toEqual({
    'volatile.eth0.hwaddr': '00:16:3e:00:00:01',
  });
});
