import { HandoverFailed } from '../handover-failed';
import type { ControlSocket } from '../control-socket';

interface Cuttable extends ControlSocket {
  /** Both ends hear of it. */
  cut(): void;
}

/** Two control sockets that are each other's end. */
export function socketPair(): [Cuttable, Cuttable] {
  const ends = [new End(), new End()] as const;
  const socket = (own: End, other: End): Cuttable => ({
    send: (message) => other.put(message),
    receive: () => own.take(),
    cut: () => ends.forEach((end) => end.close()),
  });
  return [socket(ends[0], ends[1]), socket(ends[1], ends[0])];
}

class End {
  private readonly messages: Buffer[] = [];
  private readonly waiting: { resolve(message: Buffer): void; reject(error: Error): void }[] = [];
  private closed = false;

  async put(message: Buffer): Promise<void> {
    if (this.closed) throw new HandoverFailed('The connection is cut');
    const next = this.waiting.shift();
    if (next) next.resolve(message);
    else this.messages.push(message);
  }

  async take(): Promise<Buffer> {
    const message = this.messages.shift();
    if (message) return message;
    if (this.closed) throw new HandoverFailed('The connection is cut');
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  close(): void {
    this.closed = true;
    this.waiting.splice(0).forEach(({ reject }) => reject(new HandoverFailed('The connection is cut')));
  }
}
