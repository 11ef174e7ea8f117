import { hostname } from 'node:os';
import { join } from 'node:path';
import { commonEnvironment, loadConfig } from '@weft/platform';
import { z } from 'zod';

const environment = z.object({
  ...commonEnvironment,
  WEFT_POSTGRES_URL: z.string(),
  /** `host:port`, `:port` or `[v6]:port`; empty: no HTTPS. */
  WEFT_HTTPS_ADDRESS: z.string().default(':8443'),
  /** Path of the unix socket; empty: none. */
  WEFT_UNIX_SOCKET: z.string().optional(),
  /** server.crt, server.key and session-secret; all replicas share it. */
  WEFT_SECRETS_DIR: z.string().optional(),
  /** What `lxc` shows as the server's name; one per region. */
  WEFT_SERVER_NAME: z.string().default(hostname()),
  /** How long a request waits for a service that is being replaced, before its answer is 503. */
  WEFT_COMMAND_PATIENCE_SECONDS: z.coerce.number().positive().default(30),
});

export interface GatewayConfig {
  postgresUrl: string;
  natsUrl: string;
  https: { host: string; port: number } | undefined;
  unixSocket: string | undefined;
  secretsDir: string;
  serverName: string;
  commandPatienceMs: number;
  metricsAddress: string | undefined;
  readyFile: string | undefined;
}

export function loadGatewayConfig(env: NodeJS.ProcessEnv): GatewayConfig {
  const parsed = loadConfig(environment, env);
  return {
    postgresUrl: parsed.WEFT_POSTGRES_URL,
    natsUrl: parsed.WEFT_NATS_URL,
    https: parseAddress(parsed.WEFT_HTTPS_ADDRESS),
    unixSocket: (parsed.WEFT_UNIX_SOCKET ?? join(parsed.WEFT_DIR, 'unix.socket')) || undefined,
    secretsDir: parsed.WEFT_SECRETS_DIR ?? join(parsed.WEFT_DIR, 'secrets'),
    serverName: parsed.WEFT_SERVER_NAME,
    commandPatienceMs: parsed.WEFT_COMMAND_PATIENCE_SECONDS * 1_000,
    metricsAddress: parsed.WEFT_METRICS_ADDRESS,
    readyFile: parsed.WEFT_READY_FILE,
  };
}

const DEFAULT_PORT = 8443;

/** LXD's `core.https_address` forms. An empty host listens on every address of both families. */
export function parseAddress(address: string): { host: string; port: number } | undefined {
  if (address === '') return undefined;
  const match = /^(?:\[(?<v6>[^\]]*)\]|(?<host>[^:]*))(?::(?<port>\d+))?$/.exec(address);
  if (!match?.groups) throw new Error(`WEFT_HTTPS_ADDRESS: "${address}" is no address, use host:port or [address]:port`);
  const host = match.groups.v6 ?? match.groups.host ?? '';
  return { host, port: match.groups.port === undefined ? DEFAULT_PORT : Number(match.groups.port) };
}
