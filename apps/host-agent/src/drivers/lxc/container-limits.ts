/**
 * LXD's `limits.*` keys -> control group values. Pure.
 *
 * | key                   | version 1                              | version 2                |
 * | limits.cpu            | cpuset.cpus                            | cpuset.cpus              |
 * | limits.cpu.allowance  | 50%: cpu.shares, 25ms/100ms: cfs_quota | cpu.weight, cpu.max      |
 * | limits.cpu.priority   | takes 10 - n from the shares           | the same from the weight |
 * | limits.memory         | memory.limit_in_bytes and memsw        | memory.max, swap.max     |
 * | limits.processes      | pids.max                               | pids.max                 |
 */
import { parseByteSize, WeftError } from '@weft/contracts';
import type { Controller } from '@weft/lxc';

export interface CgroupValue {
  controller: Controller;
  version: 1 | 2;
  file: string;
  value: string;
  /** True when no key asks for it: written only to take an earlier limit back. */
  isDefault: boolean;
}

export interface HostLimits {
  /** Online processor numbers. */
  cpus: readonly number[];
  memoryBytes: number;
  version(controller: Controller): 1 | 2 | undefined;
  /** Version 1 kernels may lack memory.memsw.* (no swap accounting). */
  swapAccounting: boolean;
}

type Config = Readonly<Record<string, string>>;

/** Everything that the keys ask for, and the defaults for what they do not. Throws `config.invalid`. */
export function cgroupValues(config: Config, host: HostLimits, instanceId: string): CgroupValue[] {
  return [
    ...need('cpuset', ['limits.cpu'], config, host, (version) => [
      value('cpuset', version, 'cpuset.cpus', cpuSet(config['limits.cpu'] ?? '', host.cpus, instanceId), !config['limits.cpu']),
    ]),
    ...need('cpu', ['limits.cpu.allowance', 'limits.cpu.priority'], config, host, (version) => cpuTime(config, version)),
    ...need('memory', ['limits.memory'], config, host, (version) => memory(config, host, version)),
    ...need('pids', ['limits.processes'], config, host, (version) => [
      value(
        'pids',
        version,
        'pids.max',
        config['limits.processes'] ? String(count('limits.processes', config['limits.processes'])) : 'max',
        !config['limits.processes'],
      ),
    ]),
  ];
}

/** A limit that the host cannot keep is refused; without the keys a missing controller does not matter. */
function need(controller: Controller, keys: string[], config: Config, host: HostLimits, values: (version: 1 | 2) => CgroupValue[]): CgroupValue[] {
  const version = host.version(controller);
  if (version) return values(version);
  const key = keys.find((name) => config[name]);
  if (key) throw new WeftError('config.invalid', `${key} cannot be applied: this host has no cgroup controller "${controller}"`);
  return [];
}

const value = (controller: Controller, version: 1 | 2, file: string, text: string, isDefault: boolean): CgroupValue => ({
  controller,
  version,
  file,
  value: text,
  isDefault,
});

/**
 * "2": so many processors, which ones depends on the instance so that instances spread. "0-1,3": exactly these.
 * Returns a cpuset list.
 */
export function cpuSet(text: string, online: readonly number[], instanceId: string): string {
  if (text === '') return online.join(',');
  if (/^\d+$/.test(text)) {
    const wanted = count('limits.cpu', text);
    if (wanted >= online.length) return online.join(',');
    const first = [...instanceId].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 65_521, 7) % online.length;
    return Array.from({ length: wanted }, (_, i) => online[(first + i) % online.length]!)
      .sort((a, b) => a - b)
      .join(',');
  }
  const cpus = new Set(text.split(',').flatMap(cpuRange));
  const missing = [...cpus].filter((cpu) => !online.includes(cpu));
  if (missing.length > 0) throw new WeftError('config.invalid', `limits.cpu: this host has no CPU ${missing.join(', ')}`);
  return [...cpus].sort((a, b) => a - b).join(',');
}

function cpuRange(part: string): number[] {
  const match = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || last < first) throw new WeftError('config.invalid', `limits.cpu: "${part}" is neither a CPU nor a range such as 0-3`);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function cpuTime(config: Config, version: 1 | 2): CgroupValue[] {
  const allowance = config['limits.cpu.allowance'] ?? '';
  const priority = config['limits.cpu.priority'] ? count('limits.cpu.priority', config['limits.cpu.priority'], 0) : 10;
  if (priority > 10) throw new WeftError('config.invalid', 'limits.cpu.priority must be between 0 and 10');
  const percent = /^(\d{1,3})%$/.exec(allowance);
  const quota = /^(\d{1,6})ms\/(\d{1,6})ms$/.exec(allowance);
  if (allowance && !percent && !quota)
    throw new WeftError('config.invalid', `limits.cpu.allowance: "${allowance}" is neither a percentage (50%) nor a time slice (25ms/100ms)`);
  const [sliceUs, periodUs] = quota ? [Number(quota[1]) * 1000, Number(quota[2]) * 1000] : [-1, 100_000];
  if (quota && (sliceUs < 1000 || periodUs < 1000 || periodUs > 1_000_000)) {
    throw new WeftError('config.invalid', 'limits.cpu.allowance: the slice must be at least 1ms and the period between 1ms and 1000ms');
  }
  const share = percent ? Number(percent[1]) / 100 : 1;
  const isDefaultShare = !percent && priority === 10;
  if (version === 2) {
    const weight = Math.min(10_000, Math.max(1, Math.round(100 * share) - (10 - priority)));
    return [value('cpu', 2, 'cpu.weight', String(weight), isDefaultShare), value('cpu', 2, 'cpu.max', `${quota ? sliceUs : 'max'} ${periodUs}`, !quota)];
  }
  const shares = Math.max(2, Math.round(1024 * share) - (10 - priority));
  return [
    value('cpu', 1, 'cpu.shares', String(shares), isDefaultShare),
    value('cpu', 1, 'cpu.cfs_period_us', String(periodUs), !quota),
    value('cpu', 1, 'cpu.cfs_quota_us', String(sliceUs), !quota),
  ];
}

function memory(config: Config, host: HostLimits, version: 1 | 2): CgroupValue[] {
  const text = config['limits.memory'] ?? '';
  const bytes = text ? memoryBytes(text, host.memoryBytes) : undefined;
  const soft = config['limits.memory.enforce'] === 'soft';
  const swap = config['limits.memory.swap'] !== 'false';
  if (version === 2) {
    const hard = bytes === undefined || soft ? 'max' : String(bytes);
    return [
      value('memory', 2, 'memory.high', bytes !== undefined && soft ? String(bytes) : 'max', !(bytes !== undefined && soft)),
      value('memory', 2, 'memory.max', hard, hard === 'max'),
      value('memory', 2, 'memory.swap.max', swap ? 'max' : '0', swap),
    ];
  }
  const hard = bytes === undefined || soft ? '-1' : String(bytes);
  return [
    value('memory', 1, 'memory.soft_limit_in_bytes', bytes === undefined ? '-1' : String(soft ? bytes : Math.round(bytes * 0.9)), bytes === undefined),
    value('memory', 1, 'memory.limit_in_bytes', hard, hard === '-1'),
    ...(host.swapAccounting ? [value('memory', 1, 'memory.memsw.limit_in_bytes', hard, hard === '-1')] : []),
  ];
}

/** "512MiB", "1GB", "1073741824" or "50%" of the host's memory. Throws `config.invalid`. */
export function memoryBytes(text: string, hostBytes: number): number {
  const percent = Number(/^(\d{1,3})\s*%$/.exec(text.trim())?.[1]);
  if (percent > 0 && percent <= 100) return Math.floor((hostBytes * percent) / 100);
  const bytes = parseByteSize(text);
  if (!bytes) throw new WeftError('config.invalid', `limits.memory: "${text}" is neither a size (512MiB) nor a percentage (50%)`);
  return bytes;
}

function count(key: string, text: string, least = 1): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least) throw new WeftError('config.invalid', `${key}: "${text}" is not a number from ${least} on`);
  return Number(text);
}
