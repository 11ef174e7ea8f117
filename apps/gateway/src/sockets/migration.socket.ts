/**
 * The channels of a migration between servers (docs/adr/0016): `fs` carries bytes (byte-flow.ts), `control` one message in
 * each binary frame, which a session channel carries behind its length (@weft/handover). A websocket that breaks off
 * ends its channel, and the other way round, with the reason where one is known.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { encodeControl, frameMessage, MessageSplitter } from '@weft/handover';
import { openChannel, SessionError, type SessionChannel } from '@weft/session';
import type { WebSocket } from 'ws';
import { MIGRATION_FDS, type MigrationChannel } from '../domain/operation-secret';
import { bytesOf, carryBytes } from './byte-flow';
import { keepAlive } from './event.socket';

const NORMAL = 1000;
const GOING_AWAY = 1001;
/** A close frame has no room for more (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123;

/** @param attachTimeoutMs how long the agent may take to come */
export const openMigrationChannel = (nc: NatsConnection, operationId: string, name: MigrationChannel, attachTimeoutMs?: number): SessionChannel =>
  openChannel(nc, { sessionId: operationId, channel: MIGRATION_FDS[name], side: 'client', ...(attachTimeoutMs ? { attachTimeoutMs } : {}) });

/** A websocket that the other server, or a client between the two, has opened here. */
export const bridgeMigration = (socket: WebSocket, nc: NatsConnection, operationId: string, name: MigrationChannel): void =>
  joinMigration(socket, openMigrationChannel(nc, operationId, name), name);

/** @param socket is open */
export function joinMigration(socket: WebSocket, channel: SessionChannel, name: MigrationChannel): void {
  keepAlive(socket);
  if (name === 'control') carryMessages(socket, channel);
  else carryFiles(socket, channel);
  channel.on('error', (error) => socket.close(GOING_AWAY, shortened(forTheOther(error))));
  channel.on('close', () => socket.close(NORMAL));
  socket.on('error', () => socket.terminate());
}

function carryMessages(socket: WebSocket, channel: SessionChannel): void {
  const splitter = new MessageSplitter();
  socket.on('message', (data, isBinary) => {
    if (isBinary && channel.writable) channel.write(frameMessage(bytesOf(data)));
  });
  channel.on('data', (chunk: Buffer) => {
    try {
      for (const message of splitter.push(chunk)) socket.send(message, { binary: true });
    } catch (error) {
      channel.abort((error as Error).message);
    }
  });
  channel.on('end', () => socket.close(NORMAL));
  // An end, not an abort, which could overtake the last message. The other side cannot say any more why it has gone.
  socket.on('close', (_code, reason) => {
    if (!channel.writable) return;
    if (reason.length > 0) channel.write(frameMessage(encodeControl({ success: false, message: reason.toString() })));
    channel.resume();
    channel.end();
  });
}

function carryFiles(socket: WebSocket, channel: SessionChannel): void {
  let isWhole = false;
  socket.on('message', (data, isBinary) => (isWhole ||= !isBinary && bytesOf(data).length === 0));
  carryBytes(socket, channel);
  socket.on('close', (_code, reason) => {
    if (channel.destroyed) return;
    if (!isWhole) return channel.abort(reason.toString() || 'The connection to the other server was lost');
    channel.end();
    channel.resume();
  });
}

/** An agent that gives up says why; of one that has gone, only this is known. */
const forTheOther = (error: Error): string =>
  error instanceof SessionError && error.failure !== 'aborted' ? `The host at the other server was lost: ${error.message}` : error.message;

function shortened(text: string): string {
  let short = text;
  while (Buffer.byteLength(short) > MAX_REASON_BYTES) short = short.slice(0, -1);
  return short;
}
