/** The control channel of a migration, whatever carries it: a websocket, a session channel. Binary messages, in order. */
export interface ControlSocket {
  send(message: Buffer): Promise<void>;
  /** The next message. Rejects when the other side has gone. */
  receive(): Promise<Buffer>;
}
