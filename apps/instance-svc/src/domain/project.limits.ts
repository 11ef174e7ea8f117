/** Limits that a project puts on the number of its instances. Pure: the counts are facts that the caller gathers. */
import { WeftError, type InstanceType } from '@weft/contracts';

export interface ProjectUsage {
  containers: number;
  virtualMachines: number;
}

type Config = Readonly<Record<string, string>>;

const LIMITS = [
  { key: 'limits.instances', label: 'instances', applies: () => true, count: (usage: ProjectUsage) => usage.containers + usage.virtualMachines },
  { key: 'limits.containers', label: 'containers', applies: (type: InstanceType) => type === 'container', count: (usage: ProjectUsage) => usage.containers },
  {
    key: 'limits.virtual-machines',
    label: 'virtual machines',
    applies: (type: InstanceType) => type === 'virtual-machine',
    count: (usage: ProjectUsage) => usage.virtualMachines,
  },
] as const;

/** Refuses (`project.limit-reached`) one more instance of `type` when `usage` has already reached a limit. */
export function checkInstanceLimits(project: string, config: Config, usage: ProjectUsage, type: InstanceType): void {
  for (const limit of LIMITS) {
    const value = config[limit.key];
    if (!value || !limit.applies(type) || limit.count(usage) < Number(value)) continue;
    throw new WeftError('project.limit-reached', `Reached maximum number of ${limit.label} in project "${project}" (${limit.key} is ${value})`);
  }
}

/** Refuses (`config.invalid`) limits below what is there already. */
export function checkLimitsAgainstUsage(project: string, config: Config, usage: ProjectUsage): void {
  for (const limit of LIMITS) {
    const value = config[limit.key];
    if (!value || limit.count(usage) <= Number(value)) continue;
    throw new WeftError('config.invalid', `"${limit.key}" is too low: there currently are ${limit.count(usage)} ${limit.label} in project "${project}"`);
  }
}
