import { z } from 'zod';
import { WeftError, type WireError } from './errors';

/** Who asked, for what, and why: travels with every command and into the meta of every event that it causes. */
export const metaSchema = z.object({
  /** TLS certificate fingerprint, `unix` user, or the name of a service acting on its own. */
  actor: z.object({
    protocol: z.enum(['tls', 'unix', 'service', 'untrusted']),
    username: z.string(),
    address: z.string(),
    /** `null` = unrestricted; otherwise the only projects that this actor may touch. */
    projects: z.array(z.string()).nullable(),
  }),
  project: z.string(),
  requestId: z.string(),
  /** One id for everything that a request sets off: the operation id for async commands. */
  correlationId: z.string(),
  /** The id of the event or command that caused this one. */
  causationId: z.string().optional(),
  /** The HTTP `Idempotency-Key`, or a derived id: a repeat with the same body has one effect. */
  commandId: z.string(),
  traceparent: z.string().optional(),
});
export type Meta = z.infer<typeof metaSchema>;

export interface CommandEnvelope<T = unknown> {
  meta: Meta;
  body: T;
}

/** A reply means durable and readable; `position` is the place in the service's log that a reader may wait for. */
export type CommandReply<T = unknown> = { ok: true; result: T; position?: string } | { ok: false; error: WireError };

/** The result of a reply, or the error it carries as a `WeftError`. */
export function unwrap<T>(reply: CommandReply<T>): T {
  if (reply.ok) return reply.result;
  throw WeftError.fromWire(reply.error);
}
