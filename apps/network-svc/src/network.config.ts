import { loadConfig } from '@weft/platform';
import { serviceConfig, serviceEnvironment, type ServiceConfig } from '@weft/service';
import { z } from 'zod';

const uplink = z.object({ parent: z.string().min(1) }).catchall(z.string());

const schema = z.object({
  ...serviceEnvironment('network'),
  /** OVN's databases, in the notation of OVN's own tools: `unix:/run/ovn/ovnnb_db.sock`, `ssl:10.0.0.1:6641,ssl:...`. */
  WEFT_OVN_NB: z.string().optional(),
  WEFT_OVN_SB: z.string().optional(),
  /** JSON of LXD's keys of a physical network: makes the networks UPLINK and `default` at the first start. */
  WEFT_BOOTSTRAP_UPLINK: z
    .string()
    .optional()
    .transform((text, context) => {
      if (!text) return undefined;
      const parsed = uplink.safeParse(readJson(text));
      if (!parsed.success) context.addIssue({ code: 'custom', message: 'must be a JSON object of strings with "parent"' });
      return parsed.data;
    }),
  /** Seconds between two looks at everything that OVN holds; what others touch is looked at when they do. */
  WEFT_OVN_CHECK_SECONDS: z.coerce.number().positive().default(60),
  /** Seconds that a command waits for OVN. */
  WEFT_OVN_WAIT_SECONDS: z.coerce.number().positive().default(20),
});

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface OvnConfig {
  northbound: string;
  southbound: string;
  checkMs: number;
  waitMs: number;
}

export interface NetworkConfig extends ServiceConfig {
  /** Unset: networks can be read and not changed. */
  ovn?: OvnConfig;
  bootstrapUplink?: Record<string, string>;
}

export function networkConfig(env: NodeJS.ProcessEnv = process.env): NetworkConfig {
  const parsed = loadConfig(schema, env);
  const { WEFT_OVN_NB: northbound, WEFT_OVN_SB: southbound } = parsed;
  const timing = { checkMs: parsed.WEFT_OVN_CHECK_SECONDS * 1_000, waitMs: parsed.WEFT_OVN_WAIT_SECONDS * 1_000 };
  return {
    ...serviceConfig(parsed),
    ovn: northbound && southbound ? { northbound, southbound, ...timing } : undefined,
    bootstrapUplink: parsed.WEFT_BOOTSTRAP_UPLINK,
  };
}
