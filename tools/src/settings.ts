import { cacheDir } from '@weft/embedded';
import { isAbsolute, normalize } from 'node:path';
import { z } from 'zod';

/** Unix socket paths end at 107 bytes (unix(7)); the longest one that we or a service makes below WEFT_DIR takes up to 60. */
const LONGEST_DIR_BYTES = 45;

const environment = z.object({
  WEFT_DIR: z
    .string()
    .default('/var/lib/weft')
    .refine((path) => isAbsolute(path) && normalize(path) !== '/', 'must be an absolute path below /')
    .refine((path) => Buffer.byteLength(path) <= LONGEST_DIR_BYTES, `must not be longer than ${LONGEST_DIR_BYTES} bytes, because unix sockets live below it`)
    .transform((path) => normalize(path).replace(/\/$/, '')),
  WEFT_HTTPS_ADDRESS: z
    .string()
    .default('127.0.0.1:8443')
    .refine((address) => address === '' || /:\d{1,5}$/.test(address), 'must be host:port, or empty for no HTTPS'),
  WEFT_NETWORKS: z.enum(['auto', 'off']).default('auto'),
  WEFT_POSTGRES_URL: z.string().optional(),
  WEFT_NATS_URL: z.string().optional(),
});

export interface Settings {
  dir: string;
  httpsAddress: string;
  cacheDir: string;
  /** Give members networks where the machine can. */
  networks: boolean;
  /** Given by the user: replaces the embedded server. */
  postgresUrl?: string;
  natsUrl?: string;
}

export const readSettings = (env: NodeJS.ProcessEnv): Settings => {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw new UserError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('\n'));
  return {
    dir: parsed.data.WEFT_DIR,
    httpsAddress: parsed.data.WEFT_HTTPS_ADDRESS,
    cacheDir: cacheDir(),
    networks: parsed.data.WEFT_NETWORKS === 'auto',
    postgresUrl: parsed.data.WEFT_POSTGRES_URL || undefined,
    natsUrl: parsed.data.WEFT_NATS_URL || undefined,
  };
};

/** Something the user can mend: shown as a sentence, without a stack. */
export class UserError extends Error {}
