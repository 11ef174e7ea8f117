/**
 * LXD's reply envelopes around JSON text that is already rendered (LXD 5.0 "REST API: Return values"). Metadata
 * comes out of Postgres as text and goes to the socket as it is: nothing is parsed on the way. Bytes and not strings,
 * because Fastify adds a charset to the type of a string, and LXD's replies have none.
 */
import { STATUS_CODES } from 'node:http';
import type { LxdOperation } from '@weft/contracts';

const SYNC_HEAD = '{"type":"sync","status":"Success","status_code":200,"operation":"","error_code":0,"error":"","metadata":';

const SYNC_TAIL = '}\n';

/** Written into one buffer of the right size: putting strings together first would copy a long list twice more. */
export function syncEnvelope(metadataJson: string): Buffer {
  const bytes = Buffer.allocUnsafe(SYNC_HEAD.length + Buffer.byteLength(metadataJson) + SYNC_TAIL.length);
  const end = bytes.write(SYNC_HEAD, 0, 'latin1') + bytes.write(metadataJson, SYNC_HEAD.length, 'utf8');
  bytes.write(SYNC_TAIL, end, 'latin1');
  return bytes;
}
export const EMPTY_SYNC = syncEnvelope('{}');
export const CREATED = syncEnvelope('null');

export const asyncEnvelope = (operation: LxdOperation, url: string): Buffer =>
  Buffer.from(
    `{"type":"async","status":"Operation created","status_code":100,"operation":${JSON.stringify(url)},"error_code":0,"error":"","metadata":${JSON.stringify(operation)}}\n`,
  );

export const errorEnvelope = (status: number, message: string): Buffer =>
  Buffer.from(`{"type":"error","status":"","status_code":0,"operation":"","error_code":${status},"error":${JSON.stringify(message)},"metadata":null}\n`);

/** A whole HTTP/1.1 error response, for sockets that no longer belong to the HTTP server (upgrades). */
export function rawErrorResponse(status: number, message: string): string {
  const body = errorEnvelope(status, message);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'Content-Type: application/json',
    'X-Content-Type-Options: nosniff',
    `Content-Length: ${body.length}`,
    'Connection: close',
    '',
    body.toString(),
  ].join('\r\n');
}
