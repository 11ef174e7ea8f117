/** The name server of one network on this host: takes questions from its guests and brings them answers. */
import type { RemoteInfo } from 'node:dgram';
import type { Socket } from 'node:net';
import { lengthOf, takeFrame } from '@weft/dns';
import type { Logger } from '@weft/platform';
import type { ResolverSockets } from './resolver-place';

/** Undefined: no answer. It does not throw. */
export type AnswerQuestion = (networkId: string, question: Buffer, transport: 'udp' | 'tcp') => Promise<Buffer | undefined>;

/** Questions of one network under way; a guest that floods waits for its own answers. */
const LARGEST_CROWD = 200;
const LARGEST_STREAMS = 50;
const STREAM_IDLE_MS = 10_000;

export class ResolverSession {
  private underWay = 0;
  private readonly streams = new Set<Socket>();

  constructor(
    private readonly sockets: ResolverSockets,
    private readonly networkId: string,
    private readonly answer: AnswerQuestion,
    private readonly logger: Logger,
  ) {
    const { udp, tcp } = sockets;
    udp.on('message', (question, from) => void this.datagram(question, from));
    udp.on('error', (error) => logger.warn({ err: error, networkId }, 'a resolver could not send'));
    tcp.on('connection', (stream) => this.connection(stream));
    tcp.on('error', (error) => logger.warn({ err: error, networkId }, 'a resolver could not take a connection'));
  }

  /** The namespace ends with its last socket, and the wire with it. */
  close(): void {
    this.sockets.udp.close();
    this.sockets.tcp.close();
    for (const stream of this.streams) stream.destroy();
  }

  private async ask(question: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    if (this.underWay >= LARGEST_CROWD) return undefined;
    this.underWay += 1;
    return this.answer(this.networkId, question, transport).finally(() => (this.underWay -= 1));
  }

  private async datagram(question: Buffer, { port, address }: RemoteInfo): Promise<void> {
    const answer = await this.ask(question, 'udp');
    // A guest that is gone does not miss it.
    if (answer) this.sockets.udp.send(answer, port, address, (error) => error && this.logger.debug({ err: error, address }, 'an answer was not sent'));
  }

  /** One question after the other, each behind its length (RFC 1035 section 4.2.2). */
  private connection(stream: Socket): void {
    if (this.streams.size >= LARGEST_STREAMS) return void stream.destroy();
    this.streams.add(stream);
    stream.setTimeout(STREAM_IDLE_MS, () => stream.destroy());
    stream.on('error', () => stream.destroy());
    stream.on('close', () => this.streams.delete(stream));
    void this.talk(stream);
  }

  private async talk(stream: Socket): Promise<void> {
    let received: Buffer = Buffer.alloc(0);
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        received = Buffer.concat([received, chunk]);
        for (let frame = takeFrame(received); frame; frame = takeFrame(received)) {
          received = frame.rest;
          const answer = await this.ask(frame.message, 'tcp');
          if (!answer) return void stream.destroy();
          stream.write(Buffer.concat([lengthOf(answer), answer]));
        }
      }
      stream.end();
    } catch (error) {
      // Cut off by the guest, or by us after a silence.
      this.logger.debug({ err: error, networkId: this.networkId }, 'a connection of a guest ended');
    }
  }
}
