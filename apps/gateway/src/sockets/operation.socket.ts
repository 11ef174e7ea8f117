/**
 * `GET /1.0/operations/<id>/websocket?secret=`: one channel of an exec or console, between the client's websocket and
 * the agent's session channel (LXD 5.0 "exec").
 *
 *   data channels   binary frames are bytes; an empty text frame is the end of the stream, in both directions
 *   control         text frames are JSON messages (window size, signal); closing it detaches
 *
 * Back-pressure works both ways: the websocket is paused while the channel is full, and the channel while the
 * websocket has too much unsent.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { openChannel, type SessionChannel } from '@weft/session';
import type { RawData, WebSocket } from 'ws';
import type { Fd } from '../domain/operation-secret';
import { keepAlive } from './event.socket';

const HIGH_WATER_BYTES = 1024 * 1024;
const NORMAL = 1000;
const GOING_AWAY = 1001;

export function bridgeOperationSocket(socket: WebSocket, nc: NatsConnection, operationId: string, fd: Fd): void {
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

const bytesOf = (data: RawData): Buffer => (Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data));

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
  socket.on('message', (data, isBinary) => {
    const bytes = bytesOf(data);
    if (!isBinary && bytes.length === 0) return void channel.end();
    if (!channel.writable || channel.write(bytes)) return;
    socket.pause();
    channel.once('drain', () => socket.resume());
  });
  channel.on('data', (chunk: Buffer) => {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(chunk, { binary: true }, () => {
      if (channel.isPaused() && socket.bufferedAmount < HIGH_WATER_BYTES) channel.resume();
    });
    if (socket.bufferedAmount >= HIGH_WATER_BYTES) channel.pause();
  });
  // An empty text frame, not a close: the client closes when it has read all streams.
  channel.on('end', () => socket.send('', { binary: false }));
  // A client may close one stream and go on with the others: what still comes for it is read and dropped.
  socket.on('close', () => {
    channel.end();
    channel.resume();
  });
}
