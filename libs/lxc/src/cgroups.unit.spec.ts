import { parseCgroupMounts } from './cgroups';

describe('parseCgroupMounts', () => {
  it('reads a unified host', () => {
    expect(parseCgroupMounts('31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n')).toEqual({ v1: {}, v2: '/sys/fs/cgroup' });
  });

  it('reads a hybrid host, controllers that share a mount and named hierarchies', () => {
    const mountinfo = [
      '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
      '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
      '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:3 master:1 - cgroup cgroup rw,memory',
      '40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd',
      '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
    ].join('\n');
    const { v1, v2 } = parseCgroupMounts(mountinfo);
    expect(v2).toBe('/sys/fs/cgroup/unified');
    expect(v1).toMatchObject({
      cpu: '/sys/fs/cgroup/cpu,cpuacct',
      cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
      memory: '/sys/fs/cgroup/memory',
      'name=systemd': '/sys/fs/cgroup/systemd',
    });
  });
});
