/**
 * Bytes between a websocket and a session channel, as LXD's clients know them: binary frames are bytes, an empty text
 * frame is the end of the stream, in both directions. The websocket is paused while the channel is full, and the channel
 * while the websocket has too much unsent.
 */
import type { SessionChannel } from '@weft/session';
import type { RawData, WebSocket } from 'ws';

const HIGH_WATER_BYTES = 1024 * 1024;

export const bytesOf = (data: RawData): Buffer => (Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data));

export function carryBytes(socket: WebSocket, channel: SessionChannel): void {
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
  // An empty text frame, not a close: the other side closes when it has read all streams.
  channel.on('end', () => socket.send('', { binary: false }));
}
