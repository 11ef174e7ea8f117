import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { commonEnvironment, loadConfig } from '@weft/platform';
import { z } from 'zod';

/** The first address that others can reach; the loopback's where there is no network. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

const driverName = z.enum(['lxc', 'qemu', 'sim']);

const schema = z.object({
  ...commonEnvironment,
  /** The name of this host in the cluster. */
  WEFT_MEMBER: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/, 'a host name')
    .default(hostname()),
  /** From `lxc cluster add <member>`; needed until the host is a member. */
  WEFT_JOIN_TOKEN: z.string().default(''),
  /** `auto` is lxc and qemu as far as they can run here; otherwise a list of lxc, qemu, sim. */
  WEFT_DRIVERS: z
    .string()
    .default('auto')
    .transform((text) => (text === 'auto' ? ['lxc', 'qemu'] : text.split(',').map((name) => name.trim())))
    .pipe(z.array(driverName).min(1)),
  /** Database of the host's Open vSwitch (`unix:/run/openvswitch/db.sock`); without it, instances have no network devices. */
  WEFT_OVS_DB: z.string().optional(),
  /** File that ovn-controller logs to; without it, logged rules of ACLs cannot be shown. */
  WEFT_OVN_LOG: z.string().optional(),
  /** Tasks that run at the same time, at most; one instance has never more than one. */
  /** Where other members reach guests that come here: an address of this host, or of its network namespace. */
  WEFT_MIGRATION_ADDRESS: z.string().default(ownAddress),
  WEFT_AGENT_CONCURRENCY: z.coerce.number().int().min(1).max(1000).default(32),
});

export interface AgentConfig {
  member: string;
  migrationAddress: string;
  /** The agent's state directory: $WEFT_DIR/members/<member>. */
  dir: string;
  natsUrl: string;
  /** "" for a host that is a member already. */
  joinToken: string;
  drivers: readonly ('lxc' | 'qemu' | 'sim')[];
  /** Endpoint of the host's switch. */
  ovsDatabase?: string;
  ovnLog?: string;
  concurrency: number;
  readyFile?: string;
  metricsAddress?: string;
  logLevel: string;
}

export function agentConfig(env: NodeJS.ProcessEnv = process.env): AgentConfig {
  const parsed = loadConfig(schema, env);
  return {
    member: parsed.WEFT_MEMBER,
    migrationAddress: parsed.WEFT_MIGRATION_ADDRESS,
    dir: join(parsed.WEFT_DIR, 'members', parsed.WEFT_MEMBER),
    joinToken: parsed.WEFT_JOIN_TOKEN,
    natsUrl: parsed.WEFT_NATS_URL,
    drivers: parsed.WEFT_DRIVERS,
    ovsDatabase: parsed.WEFT_OVS_DB || undefined,
    ovnLog: parsed.WEFT_OVN_LOG || undefined,
    concurrency: parsed.WEFT_AGENT_CONCURRENCY,
    readyFile: parsed.WEFT_READY_FILE,
    metricsAddress: parsed.WEFT_METRICS_ADDRESS,
    logLevel: parsed.WEFT_LOG_LEVEL,
  };
}
