import { type LxcConfig, mountEntry, renderLxcConfig } from './lxc-config';

const config: LxcConfig = {
  hostname: 'c1',
  rootfs: '/srv/c1/rootfs',
  idmap: { base: 1_000_000, size: 65_536 },
  mountAuto: ['proc:rw', 'sys:rw', 'cgroup:mixed'],
  mounts: [{ source: '/srv/a b', target: '/data', fsType: 'none', options: ['bind', 'create=dir'] }],
  dropCapabilities: [],
  startHooks: [],
  seccompProfile: '/srv/c1/seccomp',
  cgroups: { monitor: 'weft.monitor.c1', container: 'weft.payload.c1' },
  cgroupValues: [
    { version: 1, key: 'pids.max', value: '20' },
    { version: 2, key: 'memory.max', value: '1024' },
  ],
  sysctls: { 'net.ipv4.ip_forward': '1' },
  environment: { A: 'b = c' },
  resourceLimits: { nofile: '1024' },
  console: { logFile: '/srv/c1/log/console.log', maxBytes: 1024 },
  raw: 'lxc.signal.halt = SIGPWR\n',
};

describe('renderLxcConfig', () => {
  it('writes one setting on each line, the raw ones last', () => {
    const lines = renderLxcConfig(config).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'lxc.uts.name = c1',
        'lxc.rootfs.path = dir:/srv/c1/rootfs',
        'lxc.idmap = u 0 1000000 65536',
        'lxc.idmap = g 0 1000000 65536',
        'lxc.mount.entry = /srv/a\\040b data none bind,create=dir 0 0',
        'lxc.cgroup.pids.max = 20',
        'lxc.cgroup2.memory.max = 1024',
        'lxc.sysctl.net.ipv4.ip_forward = 1',
        'lxc.prlimit.nofile = 1024',
        'lxc.environment = A=b = c',
      ]),
    );
    expect(lines.slice(-3)).toEqual(['', 'lxc.signal.halt = SIGPWR', '']);
    expect(lines.some((line) => line.startsWith('lxc.cap.drop') || line.startsWith('lxc.apparmor'))).toBe(false);
  });

  it('maps no ids and drops capabilities for a privileged container', () => {
    const { idmap: _, ...rest } = config;
    const text = renderLxcConfig({ ...rest, dropCapabilities: ['sys_time'], apparmor: { profile: 'generated', allowNesting: true } });
    expect(text).not.toContain('lxc.idmap');
    expect(text).toContain('lxc.cap.drop = sys_time\n');
    expect(text).toContain('lxc.apparmor.profile = generated\nlxc.apparmor.allow_nesting = 1\n');
  });

  it.each([
    ['a value', { environment: { A: 'b\nlxc.hook.start = /bin/sh' } }],
    ['a key', { sysctls: { 'a\nlxc.hook.start': '1' } }],
    ['a carriage return', { hostname: 'a\rb' }],
    ['a NUL', { hostname: 'a\0b' }],
  ])('refuses %s that would start another setting', (_, change) => {
    expect(() => renderLxcConfig({ ...config, ...change })).toThrow(RangeError);
  });
});

describe('mountEntry', () => {
  it('escapes what fstab gives a meaning to', () => {
    expect(mountEntry({ source: '/a\tb\\c\nd', target: '//x y', fsType: 'none', options: ['bind', 'ro'] })).toBe(
      '/a\\011b\\134c\\012d x\\040y none bind,ro 0 0',
    );
  });
});
