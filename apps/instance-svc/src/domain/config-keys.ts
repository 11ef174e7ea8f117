/**
 * The configuration keys of instances, as LXD 5.0 documents them: what a value must look like, which kind of instance
 * has the key, and whether a change reaches a running guest. Profiles use the same table without a kind.
 */
import { WeftError, type InstanceType } from '@weft/contracts';
import { anything, boolean, byteSize, oneOf, timeSpan, unsigned, type ValueCheck } from './config-values';

export interface ConfigKey {
  check: ValueCheck;
  /** Unset: both kinds have it. */
  only?: InstanceType;
  /** A change is applied to a running guest. */
  live?: boolean;
  /** What a guest gets when the key is not set, for the reader of this table. */
  default?: string;
}

const container = 'container' as const;
const vm = 'virtual-machine' as const;

const integer: ValueCheck = (value) => (/^-?\d{1,15}$/.test(value) ? undefined : `Invalid value for an integer "${value}"`);
const between =
  (low: number, high: number): ValueCheck =>
  (value) =>
    /^\d{1,9}$/.test(value) && Number(value) >= low && Number(value) <= high
      ? undefined
      : `Invalid value "${value}": it must be a number from ${low} to ${high}`;

/** A count, or a set of CPUs to pin to: `0-3,6`. */
const cpus: ValueCheck = (value) => {
  if (/^[1-9]\d{0,4}$/.test(value)) return undefined;
  const ranges = value.split(',').map((part) => /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()));
  const right = /[-,]/.test(value) && ranges.every((range) => range && (range[2] === undefined || Number(range[1]) <= Number(range[2])));
  return right ? undefined : `Invalid CPU limit syntax "${value}": give a count such as 2 or a set such as 0-3,6`;
};
const allowance: ValueCheck = (value) =>
  /^\d{1,3}%$/.test(value) || /^\d+ms\/[1-9]\d*ms$/.test(value)
    ? undefined
    : `Invalid value "${value}": give a percentage such as 50% or a time slice such as 25ms/100ms`;
const memory: ValueCheck = (value) => {
  if (/^(100|[1-9]?\d)%$/.test(value)) return value === '0%' ? 'Memory limit cannot be 0%' : undefined;
  return byteSize(value);
};
const kernelModules: ValueCheck = (value) =>
  value.split(',').every((name) => /^[A-Za-z0-9_-]+$/.test(name.trim())) ? undefined : `Invalid value "${value}": give module names with commas between them`;
const kernelLimit: ValueCheck = (value) =>
  /^(unlimited|\d+)(:(unlimited|\d+))?$/.test(value) ? undefined : `Invalid value "${value}": give a number, "unlimited", or two of them as soft:hard`;
const schedule: ValueCheck = (value) =>
  value
    .split(',')
    .every((one) => /^@(hourly|daily|midnight|weekly|monthly|annually|yearly|startup|never)$/.test(one.trim()) || /^(\S+\s+){4}\S+$/.test(one.trim()))
    ? undefined
    : `Invalid value "${value}": give a cron expression or one of @hourly, @daily, @weekly, @monthly, @startup`;
const environmentValue: ValueCheck = (value) => (value.includes('\0') ? 'Invalid value: it contains a NUL character' : undefined);
const notYet =
  (what: string): ValueCheck =>
  () =>
    `${what} is not supported on this platform`;

export const CONFIG_KEYS: Readonly<Record<string, ConfigKey>> = {
  'agent.nic_config': { check: boolean, only: vm },
  'boot.autostart': { check: boolean, live: true },
  'boot.autostart.delay': { check: unsigned, live: true, default: '0' },
  'boot.autostart.priority': { check: integer, live: true, default: '0' },
  'boot.host_shutdown_timeout': { check: unsigned, live: true, default: '30' },
  'boot.stop.priority': { check: integer, live: true, default: '0' },
  'cloud-init.network-config': { check: anything },
  'cloud-init.user-data': { check: anything },
  'cloud-init.vendor-data': { check: anything },
  'cluster.evacuate': { check: oneOf('auto', 'migrate', 'live-migrate', 'stop'), live: true, default: 'auto' },
  'limits.cpu': { check: cpus, live: true },
  'limits.cpu.allowance': { check: allowance, only: container, live: true },
  'limits.cpu.priority': { check: between(0, 10), only: container, live: true, default: '10' },
  'limits.disk.priority': { check: between(0, 10), live: true, default: '5' },
  'limits.hugepages.1GB': { check: byteSize, only: container, live: true },
  'limits.hugepages.1MB': { check: byteSize, only: container, live: true },
  'limits.hugepages.2MB': { check: byteSize, only: container, live: true },
  'limits.hugepages.64KB': { check: byteSize, only: container, live: true },
  'limits.memory': { check: memory, live: true },
  'limits.memory.enforce': { check: oneOf('soft', 'hard'), only: container, live: true, default: 'hard' },
  'limits.memory.hugepages': { check: boolean, only: vm },
  'limits.memory.swap': { check: boolean, only: container, live: true, default: 'true' },
  'limits.memory.swap.priority': { check: between(0, 10), only: container, live: true, default: '10' },
  'limits.network.priority': { check: between(0, 10), live: true, default: '0' },
  'limits.processes': { check: unsigned, only: container, live: true },
  'linux.kernel_modules': { check: kernelModules, only: container, live: true },
  'migration.bandwidth': { check: byteSize, live: true },
  'migration.downtime': { check: between(1, 60_000), live: true, default: '2000' },
  'migration.incremental.memory': { check: boolean, only: container, live: true },
  'migration.incremental.memory.goal': { check: unsigned, only: container, live: true, default: '70' },
  'migration.incremental.memory.iterations': { check: unsigned, only: container, live: true, default: '10' },
  'migration.stateful': { check: boolean, only: vm },
  'migration.timeout': { check: between(1, 30 * 86_400), live: true },
  'nvidia.driver.capabilities': { check: notYet('nvidia.driver.capabilities'), only: container },
  'nvidia.require.cuda': { check: notYet('nvidia.require.cuda'), only: container },
  'nvidia.require.driver': { check: notYet('nvidia.require.driver'), only: container },
  'nvidia.runtime': { check: notYet('nvidia.runtime'), only: container },
  'raw.apparmor': { check: anything },
  'raw.idmap': { check: anything, only: container },
  'raw.lxc': { check: anything, only: container },
  'raw.qemu': { check: anything, only: vm },
  'raw.qemu.conf': { check: anything, only: vm },
  'raw.seccomp': { check: anything, only: container },
  'security.agent.metrics': { check: boolean, only: vm, default: 'true' },
  'security.core_scheduling': { check: boolean },
  'security.csm': { check: boolean, only: vm },
  'security.devlxd': { check: boolean, default: 'true' },
  'security.devlxd.images': { check: boolean, only: container },
  'security.idmap.base': { check: unsigned, only: container },
  'security.idmap.isolated': { check: boolean, only: container },
  'security.idmap.size': { check: unsigned, only: container },
  'security.nesting': { check: boolean, only: container },
  'security.privileged': { check: boolean, only: container },
  'security.protection.delete': { check: boolean, live: true },
  'security.protection.shift': { check: boolean, only: container, live: true },
  'security.secureboot': { check: boolean, only: vm, default: 'true' },
  'security.sev': { check: boolean, only: vm },
  'security.sev.policy.es': { check: boolean, only: vm },
  'security.sev.session.data': { check: anything, only: vm },
  'security.sev.session.dh': { check: anything, only: vm },
  'security.syscalls.allow': { check: anything, only: container },
  'security.syscalls.deny': { check: anything, only: container },
  'security.syscalls.deny_compat': { check: boolean, only: container },
  'security.syscalls.deny_default': { check: boolean, only: container, default: 'true' },
  'security.syscalls.intercept.bpf': { check: boolean, only: container },
  'security.syscalls.intercept.bpf.devices': { check: boolean, only: container },
  'security.syscalls.intercept.mknod': { check: boolean, only: container },
  'security.syscalls.intercept.mount': { check: boolean, only: container },
  'security.syscalls.intercept.mount.allowed': { check: anything, only: container },
  'security.syscalls.intercept.mount.fuse': { check: anything, only: container },
  'security.syscalls.intercept.mount.shift': { check: boolean, only: container },
  'security.syscalls.intercept.sched_setscheduler': { check: boolean, only: container },
  'security.syscalls.intercept.setxattr': { check: boolean, only: container },
  'security.syscalls.intercept.sysinfo': { check: boolean, only: container },
  'snapshots.expiry': { check: timeSpan, live: true },
  'snapshots.pattern': { check: anything, live: true, default: 'snap%d' },
  'snapshots.schedule': { check: schedule, live: true },
  'snapshots.schedule.stopped': { check: boolean, live: true },
};

/** Families of keys: what comes after the prefix is the user's. */
const PREFIXES: readonly (readonly [string, RegExp, ConfigKey])[] = [
  ['environment.', /^[A-Za-z_][A-Za-z0-9_]*$/, { check: environmentValue, live: true }],
  ['image.', /./, { check: anything, live: true }],
  ['limits.kernel.', /^[a-z]+$/, { check: kernelLimit, only: container }],
  ['linux.sysctl.', /^[a-z0-9_./-]+$/i, { check: anything, only: container }],
  ['user.', /./, { check: anything, live: true }],
  ['volatile.', /./, { check: anything, live: true }],
];

/** The row of a key, or undefined when there is no such key. */
export function configKey(name: string): ConfigKey | undefined {
  if (Object.hasOwn(CONFIG_KEYS, name)) return CONFIG_KEYS[name];
  return PREFIXES.find(([prefix, rest]) => name.startsWith(prefix) && rest.test(name.slice(prefix.length)))?.[2];
}

/**
 * Checks a local configuration; `type` is unset for profiles, which serve both kinds. Returns it without empty values:
 * an empty value unsets a key. Throws `config.invalid`.
 */
export function parseConfig(config: Readonly<Record<string, string>>, type: InstanceType | undefined): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    const key = configKey(name);
    if (!key) throw new WeftError('config.invalid', `Unknown configuration key: ${name}`);
    if (key.only && type && key.only !== type) throw new WeftError('config.invalid', `Unknown configuration key: ${name} (only ${key.only}s have it)`);
    if (value === '') continue;
    const problem = key.check(value);
    if (problem) throw new WeftError('config.invalid', `Invalid value for configuration key "${name}": ${problem}`);
    result[name] = value;
  }
  return result;
}

/** Keys whose value differs between two configurations. */
export function changedKeys(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key]);
}

export const changesLimits = (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): boolean =>
  changedKeys(before, after).some((key) => key.startsWith('limits.'));

export const isLiveKey = (name: string): boolean => configKey(name)?.live ?? false;
