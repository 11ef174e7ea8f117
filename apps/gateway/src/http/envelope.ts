/**
 * LXD's reply envelopes around JSON text that is already rendered (LXD 5.0 "REST API: Return values"). Metadata
 * comes out of Postgres as text and goes to the socket as text: nothing is parsed on the way.
 */
import { STATUS_CODES } from 'node:http';
import type { LxdOperation } from '@weft/contracts';

const SYNC_HEAD = '{"type":"sync","status":"Success","status_code":200,"operation":"","error_code":0,"error":"","metadata":';

export const syncEnvelope = (metadataJson: string): string => `${SYNC_HEAD}${metadataJson}}\n`;
export const EMPTY_SYNC = syncEnvelope('{}');
export const CREATED = syncEnvelope('null');

export const asyncEnvelope = (operation: LxdOperation, url: string): string =>
  `{"type":"async","status":"Operation created","status_code":100,"operation":${JSON.stringify(url)},"error_code":0,"error":"","metadata":${JSON.stringify(operation)}}\n`;

export const errorEnvelope = (status: number, message: string): string =>
  `{"type":"error","status":"","status_code":0,"operation":"","error_code":${status},"error":${JSON.stringify(message)},"metadata":null}\n`;

/** A whole HTTP/1.1 error response, for sockets that no longer belong to the HTTP server (upgrades). */
export function rawErrorResponse(status: number, message: string): string {
  const body = errorEnvelope(status, message);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'Content-Type: application/json',
    'X-Content-Type-Options: nosniff',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
