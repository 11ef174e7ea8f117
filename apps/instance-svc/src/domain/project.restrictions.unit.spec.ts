import { checkRestrictions, checkSnapshotsAllowed, checkTargetAllowed } from './project.restrictions';

const project = (config: Record<string, string> = {}) => ({ name: 'web', config: { restricted: 'true', ...config } });
const container = (config: Record<string, string>, devices: Record<string, Record<string, string>> = {}) => ({ type: 'container' as const, config, devices });
const root = { root: { type: 'disk', path: '/', pool: 'default' } };

describe('a restricted project', () => {
  it.each([
    [{ 'security.privileged': 'true' }, 'restricted.containers.privilege'],
    [{ 'security.privileged': 'on' }, 'restricted.containers.privilege'],
    [{ 'security.nesting': '1' }, 'restricted.containers.nesting'],
    [{ 'raw.lxc': 'lxc.mount.entry=/ x none bind' }, 'restricted.containers.lowlevel'],
    [{ 'raw.idmap': 'both 0 0' }, 'restricted.containers.lowlevel'],
    [{ 'linux.kernel_modules': 'kvm' }, 'restricted.containers.lowlevel'],
    [{ 'linux.sysctl.kernel.core_pattern': '|/bin/sh' }, 'restricted.containers.lowlevel'],
    [{ 'security.syscalls.deny_default': 'false' }, 'restricted.containers.lowlevel'],
    [{ 'security.syscalls.intercept.mknod': 'true' }, 'restricted.containers.interception'],
  ])('forbids %j', (config, key) => {
    expect(() => checkRestrictions(project(), container(config))).toThrow(
      expect.objectContaining({ code: 'project.restricted', message: expect.stringContaining(key) }),
    );
    expect(() => checkRestrictions({ name: 'web', config: {} }, container(config))).not.toThrow();
  });

  it.each([
    ['a host directory', { d: { type: 'disk', path: '/mnt', source: '/etc' } }, 'restricted.devices.disk'],
    ['a host directory that is passed off as a volume', { d: { type: 'disk', path: '/mnt', source: '/etc', pool: 'default' } }, 'restricted.devices.disk'],
    ['a device node', { d: { type: 'unix-block', source: '/dev/sda' } }, 'restricted.devices.unix-block'],
    ['a host interface', { d: { type: 'nic', nictype: 'macvlan', parent: 'eth0' } }, 'restricted.devices.nic'],
    ['a device of an unknown type', { d: { type: 'warp' } }, 'restricted.devices.warp'],
  ])('forbids %s', (_what, devices, key) => {
    expect(() => checkRestrictions(project(), container({}, devices))).toThrow(key);
  });

  it('lets ordinary instances be', () => {
    const config = { 'security.privileged': 'false', 'limits.cpu': '2', 'user.a': 'b', 'volatile.uuid': 'u' };
    const devices = {
      ...root,
      data: { type: 'disk', path: '/data', pool: 'default', source: 'v' },
      eth0: { type: 'nic', network: 'n' },
      gone: { type: 'none' },
    };
    expect(() => checkRestrictions(project(), container(config, devices))).not.toThrow();
  });

  it('takes NICs of the networks that it names, if it names any', () => {
    const named = project({ 'restricted.networks.access': 'blue, red' });
    const on = (network: string) => container({}, { eth0: { type: 'nic', network } });
    expect(() => checkRestrictions(named, on('red'))).not.toThrow();
    expect(() => checkRestrictions(named, on('green'))).toThrow('restricted.networks.access');
    expect(() => checkRestrictions(project({ 'restricted.devices.nic': 'block' }), on('red'))).toThrow('restricted.devices.nic');
  });

  it('keeps a root disk even when disks are blocked', () => {
    expect(() => checkRestrictions(project({ 'restricted.devices.disk': 'block' }), container({}, root))).not.toThrow();
  });

  it('opens what its keys allow, and host paths only below those listed', () => {
    const open = project({ 'restricted.containers.privilege': 'allow', 'restricted.devices.disk': 'allow', 'restricted.devices.disk.paths': '/srv/web, /opt' });
    const disk = (source: string) => container({ 'security.privileged': 'true' }, { d: { type: 'disk', path: '/mnt', source } });
    expect(() => checkRestrictions(open, disk('/srv/web/a'))).not.toThrow();
    for (const source of ['/srv/website', '/srv/web/../../etc', '/', ''])
      expect(() => checkRestrictions(open, disk(source))).toThrow('restricted.devices.disk.paths');
  });

  it('may demand isolated containers', () => {
    const isolated = project({ 'restricted.containers.privilege': 'isolated' });
    expect(() => checkRestrictions(isolated, container({}))).toThrow('security.idmap.isolated');
    expect(() => checkRestrictions(isolated, container({ 'security.idmap.isolated': 'true' }))).not.toThrow();
    expect(() => checkRestrictions(isolated, { type: 'virtual-machine', config: {}, devices: {} })).not.toThrow();
  });

  it('holds virtual machines and profiles to it as well', () => {
    expect(() => checkRestrictions(project(), { type: 'virtual-machine', config: { 'raw.qemu': '-hda /dev/sda' }, devices: {} })).toThrow(
      'restricted.virtual-machines.lowlevel',
    );
    expect(() => checkRestrictions(project(), { config: { 'raw.qemu': 'x' }, devices: {} })).toThrow('restricted.virtual-machines.lowlevel');
    expect(() => checkRestrictions(project(), { config: { 'raw.lxc': 'x' }, devices: {} })).toThrow('restricted.containers.lowlevel');
  });

  it('forbids snapshots and choosing a member unless allowed', () => {
    expect(() => checkSnapshotsAllowed(project())).toThrow('restricted.snapshots');
    expect(() => checkTargetAllowed(project(), '')).toThrow('restricted.cluster.target');
    expect(() => checkTargetAllowed(project(), 'gpu')).toThrow('Choosing the cluster group "gpu"');
    expect(() => checkTargetAllowed(project({ 'restricted.cluster.groups': 'gpu, ssd' }), 'gpu')).not.toThrow();
    expect(() => checkTargetAllowed(project({ 'restricted.cluster.groups': 'gpu' }), 'ssd')).toThrow('restricted.cluster.target');
    expect(() => checkSnapshotsAllowed(project({ 'restricted.snapshots': 'allow' }))).not.toThrow();
    expect(() => checkTargetAllowed({ name: 'web', config: {} }, '')).not.toThrow();
  });
});
