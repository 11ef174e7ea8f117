/**
 * An instance as LXD describes it -> liblxc's configuration. Pure; what the host has comes in as `ContainerHost`.
 * The choices follow what a guest of LXD sees: /proc and /sys writable where the user namespace protects them, masked
 * for privileged containers, which also lose the capabilities that act on the whole host.
 */
import type { InstanceSpec } from '@weft/contracts';
import type { IdMapping, LxcConfig, MountEntry } from '@weft/lxc';
import { isTrue } from '../config-flag';
import type { CgroupValue } from './container-limits';

export interface ContainerHost {
  /** Unset: privileged. */
  idmap?: IdMapping;
  rootfs: string;
  seccompProfile: string;
  consoleLog: string;
  apparmor: boolean;
  /** The cgroup version that device rules are for; unset where the host cannot enforce them. */
  deviceRules: 1 | 2 | undefined;
  /** Directory of lxcfs' files when it runs. */
  lxcfs?: string;
  haltSignal?: string;
  coreScheduling: boolean;
  /** Makes the wires of network devices, at each start and reboot. */
  wireHook?: string;
  limits: readonly CgroupValue[];
  disks: readonly MountEntry[];
}

export const monitorGroup = (instanceId: string): string => `weft.monitor.${instanceId}`;
export const containerGroup = (instanceId: string): string => `weft.payload.${instanceId}`;
export const isPrivileged = (spec: InstanceSpec): boolean => isTrue(spec.config['security.privileged']);

/** Bytes of console output that are kept. */
export const CONSOLE_LOG_BYTES = 128 * 1024;

const HOST_WIDE_CAPABILITIES = ['sys_time', 'sys_module', 'sys_rawio', 'mac_admin', 'mac_override'];

export function containerConfig(spec: InstanceSpec, host: ContainerHost): LxcConfig {
  const nesting = isTrue(spec.config['security.nesting']);
  return {
    hostname: spec.name,
    ...(spec.architecture === 'i686' ? { architecture: 'i686' } : {}),
    rootfs: host.rootfs,
    ...(host.idmap ? { idmap: host.idmap } : {}),
    mountAuto: host.idmap ? ['proc:rw', 'sys:rw', 'cgroup:mixed'] : ['proc:mixed', 'sys:mixed', 'cgroup:mixed'],
    mounts: [...deviceNodes, ...(host.idmap ? kernelMounts : []), ...(nesting ? nestingMounts : []), ...lxcfsMounts(host.lxcfs), ...host.disks],
    dropCapabilities: host.idmap ? [] : HOST_WIDE_CAPABILITIES,
    seccompProfile: host.seccompProfile,
    ...(host.apparmor && nesting ? { apparmor: { profile: 'generated', allowNesting: true } } : {}),
    cgroups: { monitor: monitorGroup(spec.id), container: containerGroup(spec.id) },
    cgroupValues: [
      ...(host.idmap || !host.deviceRules ? [] : deviceRules(host.deviceRules)),
      ...host.limits.filter((limit) => !limit.isDefault).map(({ version, file, value }) => ({ version, key: file, value })),
    ],
    sysctls: withPrefix(spec.config, 'linux.sysctl.'),
    environment: withPrefix(spec.config, 'environment.'),
    resourceLimits: withPrefix(spec.config, 'limits.kernel.'),
    console: { logFile: host.consoleLog, maxBytes: CONSOLE_LOG_BYTES },
    startHooks: host.wireHook ? [host.wireHook] : [],
    coreScheduling: host.coreScheduling,
    ...(host.haltSignal ? { haltSignal: host.haltSignal } : {}),
    raw: spec.config['raw.lxc'] ?? '',
  };
}

/** `environment.A=b` -> `{A: b}` for the prefix "environment.". */
export const withPrefix = (config: Readonly<Record<string, string>>, prefix: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );

const bind = (source: string, target: string, create: 'file' | 'dir', ...options: string[]): MountEntry => ({
  source,
  target,
  fsType: 'none',
  options: ['bind', `create=${create}`, 'optional', ...options],
});

const deviceNodes: MountEntry[] = [
  bind('/dev/fuse', '/dev/fuse', 'file'),
  bind('/dev/net/tun', '/dev/net/tun', 'file'),
  { source: 'mqueue', target: '/dev/mqueue', fsType: 'mqueue', options: ['rw', 'relatime', 'create=dir', 'optional'] },
];

/** What systemd mounts at boot and an unprivileged guest may not: it finds them mounted. */
const kernelMounts: MountEntry[] = ['/sys/fs/fuse/connections', '/sys/kernel/debug', '/sys/kernel/tracing'].map((path) => ({
  source: path,
  target: path,
  fsType: 'none',
  options: ['bind', 'optional'],
}));

/** The kernel lets a nested user namespace mount proc and sysfs only where an unmasked one can be seen. */
const nestingMounts: MountEntry[] = [
  { source: 'proc', target: '/dev/.lxc/proc', fsType: 'proc', options: ['create=dir', 'optional'] },
  { source: 'sys', target: '/dev/.lxc/sys', fsType: 'sysfs', options: ['create=dir', 'optional'] },
];

const LXCFS_FILES = ['cpuinfo', 'diskstats', 'loadavg', 'meminfo', 'stat', 'swaps', 'uptime'];
const lxcfsMounts = (dir: string | undefined): MountEntry[] => (dir ? LXCFS_FILES.map((file) => bind(`${dir}/proc/${file}`, `/proc/${file}`, 'file')) : []);

/** Devices that every system container may use (mknod is refused to unprivileged ones anyway). */
const ALLOWED_DEVICES = [
  'b *:* m',
  'c *:* m',
  'c 136:* rwm',
  'c 1:3 rwm',
  'c 1:5 rwm',
  'c 1:7 rwm',
  'c 1:8 rwm',
  'c 1:9 rwm',
  'c 5:0 rwm',
  'c 5:1 rwm',
  'c 5:2 rwm',
  'c 10:229 rwm',
  'c 10:200 rwm',
];

const deviceRules = (version: 1 | 2): LxcConfig['cgroupValues'] => [
  { version, key: 'devices.deny', value: 'a' },
  ...ALLOWED_DEVICES.map((value) => ({ version, key: 'devices.allow', value })),
];
