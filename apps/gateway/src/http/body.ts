/** Request bodies: read with a limit, parsed whatever the Content-Type says (as LXD does), validated with zod. */
import type { IncomingMessage } from 'node:http';
import { WeftError } from '@weft/contracts';
import type { z } from 'zod';

/** Larger than any object that the platform keeps: user data for cloud-init is the biggest thing in a body. */
export const MAX_JSON_BYTES = 4 * 1024 * 1024;
const MAX_JSON_DEPTH = 32;
/** Whoever sends a small body slower than this holds a connection for nothing. */
const BODY_TIMEOUT_MS = 30_000;

/** Throws `request.too-large` as soon as the limit is passed; what follows is not read. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  let total = 0;
  const timer = setTimeout(() => request.destroy(new WeftError('request.invalid', 'The request body came too slowly')), BODY_TIMEOUT_MS);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      total += chunk.length;
      if (total > limitBytes) throw tooLarge(limitBytes);
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks, total);
}

const tooLarge = (limitBytes: number): WeftError => new WeftError('request.too-large', `The request body is larger than ${limitBytes} bytes`);

/** JSON of a bounded depth. An empty body is an empty object, so that the schema names what is missing. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  const text = body.toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new WeftError('request.invalid', `The request body is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (depthOf(parsed, 0) > MAX_JSON_DEPTH) throw new WeftError('request.invalid', `The request body is nested deeper than ${MAX_JSON_DEPTH}`);
  if (/\\u(0000|d[89a-f])/i.test(text)) requireStorable(parsed);
  return parsed;
}

/** Postgres keeps no text with a NUL or half a surrogate pair. Only escapes can bring them, so most bodies are not searched. */
function requireStorable(value: unknown): void {
  if (typeof value === 'string' && (value.includes('\0') || /\p{Surrogate}/u.test(value))) throw new WeftError('request.invalid', UNSTORABLE);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    requireStorable(key);
    requireStorable(inner);
  }
}

const UNSTORABLE = 'Text must not contain NUL or broken characters';

function depthOf(value: unknown, depth: number): number {
  if (depth > MAX_JSON_DEPTH || typeof value !== 'object' || value === null) return depth;
  let deepest = depth;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner, depth + 1));
  return deepest;
}

/** The first problem in words that a user understands: "config.limits.cpu: expected string, received number". */
export function validate<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join('.') ?? '';
  throw new WeftError('request.invalid', `Invalid request: ${where === '' ? '' : `${where}: `}${issue?.message ?? 'unknown problem'}`);
}
