import type { FastifyReply } from 'fastify';
import type { Readable } from 'node:stream';
import type { LxdOperation } from '@weft/contracts';
import { operationUrl } from '../domain/resource-url';
import { asyncEnvelope, CREATED, EMPTY_SYNC, syncEnvelope } from './envelope';

/** What a route answers; the router turns it into bytes. */
export type Reply =
  /** `json` is rendered JSON text. */
  | { kind: 'sync'; json: string; etag?: string; headers?: Record<string, string> }
  | { kind: 'empty' }
  | { kind: 'created'; location: string }
  | { kind: 'async'; operation: LxdOperation; project: string }
  | { kind: 'raw'; contentType: string; body: string | Buffer | Readable; headers?: Record<string, string> };

export const sync = (json: string, etag?: string): Reply => ({ kind: 'sync', json, etag });
export const syncValue = (value: unknown): Reply => ({ kind: 'sync', json: JSON.stringify(value) });
export const empty: Reply = { kind: 'empty' };
/** An operation under way, in the project of the request. */
export const started = (operation: LxdOperation, call: { project: string }): Reply => ({ kind: 'async', operation, project: call.project });
export const created = (location: string): Reply => ({ kind: 'created', location });

const JSON_TYPE = 'application/json';

export function write(reply: FastifyReply, answer: Reply): FastifyReply {
  switch (answer.kind) {
    case 'sync':
      if (answer.etag !== undefined) reply.header('etag', `"${answer.etag}"`);
      if (answer.headers) reply.headers(answer.headers);
      return reply.header('content-type', JSON_TYPE).send(syncEnvelope(answer.json));
    case 'empty':
      return reply.header('content-type', JSON_TYPE).send(EMPTY_SYNC);
    case 'created':
      return reply.code(201).header('location', answer.location).header('content-type', JSON_TYPE).send(CREATED);
    case 'async': {
      const url = operationUrl(answer.operation.id, answer.project);
      return reply.code(202).header('location', url).header('content-type', JSON_TYPE).send(asyncEnvelope(answer.operation, url));
    }
    case 'raw':
      if (answer.headers) reply.headers(answer.headers);
      return reply.header('content-type', answer.contentType).send(answer.body);
    default:
      return unreachable(answer);
  }
}

function unreachable(answer: never): never {
  throw new Error(`unknown reply: ${JSON.stringify(answer)}`);
}
