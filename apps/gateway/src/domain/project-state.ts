/** `GET /1.0/projects/<name>/state` (LXD 5.0 "project_usage"): limits and use of them. A limit of -1 is no limit. */
import { parseByteSize } from '@weft/contracts';

export interface InstanceUse {
  type: string | null | undefined;
  cpu: string | null | undefined;
  memory: string | null | undefined;
  processes: string | null | undefined;
}

interface Resource {
  Limit: number;
  Usage: number;
}

export function projectState(config: Readonly<Record<string, string>>, instances: readonly InstanceUse[]): { resources: Record<string, Resource> } {
  const limit = (key: string, parse: (text: string) => number | undefined = integer): number => parse(config[`limits.${key}`] ?? '') ?? -1;
  const count = (type: string): number => instances.filter((instance) => instance.type === type).length;
  const sum = (value: (instance: InstanceUse) => number | undefined): number => instances.reduce((total, instance) => total + (value(instance) ?? 0), 0);
  return {
    resources: {
      containers: { Limit: limit('containers'), Usage: count('container') },
      cpu: { Limit: limit('cpu'), Usage: sum((instance) => integer(instance.cpu ?? '')) },
      disk: { Limit: limit('disk', parseByteSize), Usage: 0 },
      instances: { Limit: limit('instances'), Usage: instances.length },
      memory: { Limit: limit('memory', parseByteSize), Usage: sum((instance) => parseByteSize(instance.memory ?? '')) },
      networks: { Limit: limit('networks'), Usage: 0 },
      processes: { Limit: limit('processes'), Usage: sum((instance) => integer(instance.processes ?? '')) },
      'virtual-machines': { Limit: limit('virtual-machines'), Usage: count('virtual-machine') },
    },
  };
}

const integer = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);
