import { join } from 'node:path';
import { loadConfig } from '@weft/platform';
import { serviceConfig, serviceEnvironment, type ServiceConfig } from '@weft/service';
import { z } from 'zod';
import type { Enrolment } from './instance.deps';

const schema = z.object({
  ...serviceEnvironment('instance'),
  /** At the first start: the network of `eth0` in the profile `default`. The network service makes it. */
  WEFT_BOOTSTRAP_NETWORK: z.string().min(1).optional(),
  /** `token`: hosts join with a token (`lxc cluster add`). `open`: whoever has an agent's NATS credentials is a member. */
  WEFT_ENROLMENT: z.enum(['token', 'open']).default('token'),
  /** Hosts that need no invitation: JSON, each with the SHA-256 (hexadecimal) of its WEFT_JOIN_TOKEN. */
  WEFT_MEMBER_TOKENS: z
    .string()
    .default('{}')
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/))),
  /** Seconds without a heartbeat after which a member counts as offline. */
  WEFT_MEMBER_OFFLINE_SECONDS: z.coerce.number().positive().default(20),
});

export interface InstanceConfig extends ServiceConfig {
  memberOfflineMs: number;
  enrolment: Enrolment;
  /** The directory of the storage pool on each member, as clients see it. */
  poolSource: string;
  bootstrapNetwork?: string;
}

export function instanceConfig(env: NodeJS.ProcessEnv = process.env): InstanceConfig {
  const parsed = loadConfig(schema, env);
  return {
    ...serviceConfig(parsed),
    enrolment: { open: parsed.WEFT_ENROLMENT === 'open', tokens: parsed.WEFT_MEMBER_TOKENS },
    memberOfflineMs: parsed.WEFT_MEMBER_OFFLINE_SECONDS * 1_000,
    bootstrapNetwork: parsed.WEFT_BOOTSTRAP_NETWORK,
    poolSource: join(parsed.WEFT_DIR, 'members'),
  };
}
