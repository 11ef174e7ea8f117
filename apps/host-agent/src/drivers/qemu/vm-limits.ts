/** What an instance's configuration says about the size of its machine. Pure. */
import { parseByteSize, WeftError, type InstanceSpec } from '@weft/contracts';

const MIB = 1024 ** 2;
/** LXD's defaults for virtual machines. */
export const DEFAULT_MEMORY_BYTES = 1024 * MIB;
export const DEFAULT_DISK_BYTES = 10 * 1024 ** 3;
/** Below this the firmware does not get far. */
const LEAST_MEMORY_BYTES = 64 * MIB;
const MOST_CPUS = 255;

/** "10GiB" -> bytes (doc/reference/instance_units of LXD). @throws WeftError config.invalid */
export function parseBytes(text: string, key: string): number {
  const bytes = parseByteSize(text);
  if (bytes === undefined) throw new WeftError('config.invalid', `Invalid size "${text}" of ${key}: write a number and a unit, such as 10GiB`);
  return bytes;
}

/** Bytes of memory, whole MiB. A percentage is one of the host's memory. @throws WeftError config.invalid */
export function memoryBytes(config: InstanceSpec['config'], hostMemoryBytes: number): number {
  const text = config['limits.memory'] ?? '';
  if (text === '') return DEFAULT_MEMORY_BYTES;
  const percent = /^(\d+)%$/.exec(text)?.[1];
  const bytes = percent === undefined ? parseBytes(text, 'limits.memory') : (hostMemoryBytes * Number(percent)) / 100;
  const whole = Math.floor(bytes / MIB) * MIB;
  if (whole < LEAST_MEMORY_BYTES) throw new WeftError('config.invalid', 'limits.memory of a virtual machine must be 64MiB or more');
  return whole;
}

export interface CpuLimit {
  count: number;
  /** Host CPUs that the vCPUs are bound to, one for each; unset: any. */
  pins?: number[];
}

/** "2" -> two vCPUs on any CPU; "0-1,5" or "3-3" -> one vCPU bound to each. @throws WeftError config.invalid */
export function cpuLimit(config: InstanceSpec['config']): CpuLimit {
  const text = (config['limits.cpu'] ?? '').trim();
  if (text === '') return { count: 1 };
  if (/^\d+$/.test(text)) return { count: inRange(Number(text), text) };
  const pins = text.split(',').flatMap((part) => range(part, text));
  const unique = [...new Set(pins)].sort((a, b) => a - b);
  return { count: inRange(unique.length, text), pins: unique };
}

function range(part: string, text: string): number[] {
  const [, first, last] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()) ?? [];
  if (first === undefined) throw new WeftError('config.invalid', `Invalid limits.cpu "${text}": write a number of CPUs, or a set such as 0-3,5`);
  const [from, to] = [Number(first), Number(last ?? first)];
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

function inRange(count: number, text: string): number {
  if (count < 1 || count > MOST_CPUS) throw new WeftError('config.invalid', `Invalid limits.cpu "${text}": a virtual machine has 1 to ${MOST_CPUS} CPUs`);
  return count;
}

/** The size that the root device asks for, `undefined` when it does not say. @throws WeftError config.invalid */
export function rootSizeBytes(devices: InstanceSpec['devices']): number | undefined {
  const root = Object.values(devices).find(({ type, path }) => type === 'disk' && path === '/');
  return root?.size ? parseBytes(root.size, 'the root disk') : undefined;
}

export { isTrue } from '../config-flag';
