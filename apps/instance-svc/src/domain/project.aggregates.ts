/**
 * Limits that a project puts on the sum of what its instances may use (LXD 5.0, "Project limits"): `limits.cpu`,
 * `limits.disk`, `limits.memory`, `limits.processes`. A sum needs a fixed number from every instance, so in such a
 * project each has to have the key, itself or through a profile. Pure: every path that changes an instance, a profile
 * or a project asks `checkAggregateLimits` with the instances as they would be then.
 *
 * `limits.disk` counts the sizes of root disks. Images are shared between projects on a host and do not count.
 */
import { parseByteSize, WeftError, type Devices, type InstanceType } from '@weft/contracts';
import { rootDisk } from './device-types';

type Config = Readonly<Record<string, string>>;

/** As it is with its profiles. */
export interface SizedInstance {
  name: string;
  type: InstanceType;
  config: Config;
  devices: Readonly<Devices>;
}

interface Aggregate {
  key: string;
  /** How messages call the instance's own setting. */
  setting: string;
  value(instance: SizedInstance): string | undefined;
  /** The number, or what is wrong with it. */
  parse(text: string): number | string;
  applies(type: InstanceType): boolean;
  limit(text: string): number;
}

const sizeOf = (text: string): number => parseByteSize(text) ?? 0;
const bytes = (text: string): number | string => parseByteSize(text) ?? `"${text}" is no fixed size`;
const count = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : `"${text}" is no fixed number`);
const always: Aggregate['applies'] = () => true;
const own = (key: string, parse: Aggregate['parse'], limit: Aggregate['limit'], applies = always): Aggregate => ({
  key,
  setting: key,
  value: ({ config }) => config[key],
  parse,
  limit,
  applies,
});

const AGGREGATES: readonly Aggregate[] = [
  own('limits.cpu', count, Number),
  own('limits.memory', bytes, sizeOf),
  // A virtual machine has no such key: its processes are its own kernel's.
  own('limits.processes', count, Number, (type) => type === 'container'),
  { key: 'limits.disk', setting: 'size of the root disk', value: ({ devices }) => rootDisk(devices).disk.size, parse: bytes, limit: sizeOf, applies: always },
];

export const hasAggregateLimits = (config: Config): boolean => AGGREGATES.some(({ key }) => config[key]);

/** @throws WeftError `project.limit-reached` */
export function checkAggregateLimits(project: { name: string; config: Config }, instances: readonly SizedInstance[]): void {
  for (const aggregate of AGGREGATES) {
    const limit = project.config[aggregate.key];
    if (!limit || sum(project.name, aggregate, instances) <= aggregate.limit(limit)) continue;
    throw new WeftError('project.limit-reached', `Reached maximum aggregate value "${limit}" for "${aggregate.key}" in project "${project.name}"`);
  }
}

function sum(project: string, aggregate: Aggregate, instances: readonly SizedInstance[]): number {
  const counted = instances.filter(({ type }) => aggregate.applies(type));
  return counted.reduce((total, instance) => total + amount(project, aggregate, instance), 0);
}

function amount(project: string, { key, setting, value, parse }: Aggregate, instance: SizedInstance): number {
  const text = value(instance);
  const where = `Instance "${instance.name}" in project "${project}"`;
  if (!text) {
    throw new WeftError('project.limit-reached', `${where} has no ${setting}, neither itself nor through a profile: the project's "${key}" needs one`);
  }
  const parsed = parse(text);
  if (typeof parsed === 'string') throw new WeftError('project.limit-reached', `${where}: the project's "${key}" needs another ${setting}: ${parsed}`);
  return parsed;
}
