/**
 * `GET /1.0/operations/<id>/websocket?secret=`: one channel of an exec, console or migration, between the client's websocket and
 * the agent's session channel (LXD 5.0 "exec").
 *
 *   data channels   bytes (byte-flow.ts)
 *   control         text frames are JSON messages (window size, signal); closing it detaches
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { openChannel, type SessionChannel } from '@weft/session';
import type { WebSocket } from 'ws';
import { MIGRATION_FDS, type Fd } from '../domain/operation-secret';
import { bytesOf, carryBytes } from './byte-flow';
import { keepAlive } from './event.socket';
import { bridgeMigration } from './migration.socket';

const NORMAL = 1000;
const GOING_AWAY = 1001;

export function bridgeOperationSocket(socket: WebSocket, nc: NatsConnection, operationId: string, fd: Fd): void {
  if (fd === MIGRATION_FDS.control) return bridgeMigration(socket, nc, operationId, 'control');
  if (fd === MIGRATION_FDS.fs) return bridgeMigration(socket, nc, operationId, 'fs');
  const channel = openChannel(nc, { sessionId: operationId, channel: fd, side: 'client', mode: fd === 'control' ? 'messages' : 'bytes' });
  keepAlive(socket);
  if (fd === 'control') bridgeControl(socket, channel);
  else bridgeData(socket, channel);
  channel.on('error', (error) => {
    // The agent's side is gone: what it still had to say has been said.
    socket.close(GOING_AWAY, error.message.slice(0, 120));
  });
  channel.on('close', () => socket.close(NORMAL));
  socket.on('error', () => socket.terminate());
}

function bridgeControl(socket: WebSocket, channel: SessionChannel): void {
  socket.on('message', (data) => {
    if (channel.writable) channel.write(bytesOf(data).toString('utf8'));
  });
  channel.on('data', (message: string) => socket.send(message));
  channel.on('end', () => {
    channel.end();
    socket.close(NORMAL);
  });
  // This is how a client detaches from a console, and how the agent learns that the client of a command is gone.
  socket.on('close', () => !channel.destroyed && channel.abort('The client has left'));
}

function bridgeData(socket: WebSocket, channel: SessionChannel): void {
  carryBytes(socket, channel);
  // A client may close one stream and go on with the others: what still comes for it is read and dropped.
  socket.on('close', () => {
    channel.end();
    channel.resume();
  });
}
