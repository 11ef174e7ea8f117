/**
 * `GET /1.0/metrics` (LXD 5.0 "Metrics"): what instances use, in the OpenMetrics text that LXD writes, from their last
 * known state. Pure.
 */
export interface MeteredInstance {
  project: string;
  name: string;
  type: string;
  state: {
    status?: string;
    cpu?: { usage?: number };
    memory?: { usage?: number; usage_peak?: number; swap_usage?: number };
    processes?: number;
    disk?: Record<string, { usage?: number }> | null;
    network?: Record<string, { counters?: Record<string, number> }> | null;
  };
}

interface Family {
  name: string;
  help: string;
  type: 'counter' | 'gauge';
  samples(instance: MeteredInstance): { labels?: Record<string, string>; value: number }[];
}

const NANOSECONDS = 1e9;
const one = (value: number | undefined, labels?: Record<string, string>) => (value === undefined ? [] : [{ labels, value }]);
const perNic = (counter: string) => (instance: MeteredInstance) =>
  Object.entries(instance.state.network ?? {}).flatMap(([device, nic]) => one(nic.counters?.[counter], { device }));
const nic = (name: string, counter: string, help: string): Family => ({ name: `lxd_network_${name}_total`, help, type: 'counter', samples: perNic(counter) });

const FAMILIES: readonly Family[] = [
  {
    name: 'lxd_cpu_seconds_total',
    help: 'The total number of CPU time used in seconds.',
    type: 'counter',
    samples: ({ state }) => one(state.cpu?.usage === undefined ? undefined : state.cpu.usage / NANOSECONDS, { cpu: '0', mode: 'user' }),
  },
  {
    name: 'lxd_filesystem_used_bytes',
    help: 'The number of used space in bytes.',
    type: 'gauge',
    samples: ({ state }) => Object.entries(state.disk ?? {}).flatMap(([device, disk]) => one(disk.usage, { device, mountpoint: device === 'root' ? '/' : '' })),
  },
  { name: 'lxd_memory_RSS_bytes', help: 'The amount of anonymous and swap cache memory.', type: 'gauge', samples: ({ state }) => one(state.memory?.usage) },
  { name: 'lxd_memory_Swap_bytes', help: 'The amount of used swap memory.', type: 'gauge', samples: ({ state }) => one(state.memory?.swap_usage) },
  nic('receive_bytes', 'bytes_received', 'The amount of received bytes on a given interface.'),
  nic('receive_packets', 'packets_received', 'The amount of received packets on a given interface.'),
  nic('transmit_bytes', 'bytes_sent', 'The amount of transmitted bytes on a given interface.'),
  nic('transmit_packets', 'packets_sent', 'The amount of transmitted packets on a given interface.'),
  { name: 'lxd_procs_total', help: 'The number of running processes.', type: 'gauge', samples: ({ state }) => one(state.processes) },
];

export function metricsText(instances: readonly MeteredInstance[]): string {
  const blocks = FAMILIES.map((family) => {
    const lines = instances.flatMap((instance) =>
      family
        .samples(instance)
        .map(({ labels, value }) => `${family.name}${labelsText({ ...labels, name: instance.name, project: instance.project, type: instance.type })} ${value}`),
    );
    return lines.length === 0 ? '' : `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n${lines.join('\n')}\n`;
  });
  return `${blocks.join('')}# EOF\n`;
}

const labelsText = (labels: Record<string, string>): string =>
  `{${Object.entries(labels)
    .map(([key, value]) => `${key}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`)
    .join(',')}}`;
