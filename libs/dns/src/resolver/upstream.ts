/**
 * Asks other name servers, one after the other: a stub's part (RFC 1035 section 7, RFC 5452). The question goes on as the
 * client wrote it, EDNS included, under an id and from a port that nobody can guess.
 */
import { createSocket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { isIPv6, type Socket, connect } from 'node:net';
import { FLAG, RCODE } from '../wire/header';
import { lengthOf, takeFrame } from '../wire/tcp-frame';

export interface UpstreamOptions {
  /** How long one server may take, ms. */
  readonly timeoutMs: number;
  /** How often the whole list is gone through. */
  readonly rounds: number;
}
export const DEFAULT_UPSTREAM: UpstreamOptions = { timeoutMs: 1_500, rounds: 2 };

export interface NameServer {
  readonly address: string;
  readonly port: number;
}

/**
 * The first good answer, under the question's own id. One that says SERVFAIL or REFUSED counts when no other server says more.
 *
 * @returns undefined when nobody answers
 */
export async function askUpstream(
  question: Buffer,
  questionEnd: number,
  servers: readonly NameServer[],
  transport: 'udp' | 'tcp',
  options: UpstreamOptions = DEFAULT_UPSTREAM,
): Promise<Buffer | undefined> {
  let poor: Buffer | undefined;
  for (let round = 0; round < options.rounds; round += 1) {
    for (const server of servers) {
      const answer = await askOne(question, questionEnd, server, transport, options.timeoutMs);
      if (!answer) continue;
      question.copy(answer, 0, 0, 2);
      if (!isPoor(answer)) return answer;
      poor ??= answer;
    }
    if (poor) return poor;
  }
  return undefined;
}

const POOR: readonly number[] = [RCODE.SERVFAIL, RCODE.REFUSED];
const isPoor = (answer: Buffer): boolean => POOR.includes(answer[3]! & 15);

/** Undefined: no answer in time, or nobody there. */
async function askOne(question: Buffer, questionEnd: number, server: NameServer, transport: 'udp' | 'tcp', timeoutMs: number): Promise<Buffer | undefined> {
  const asked = Buffer.from(question);
  asked.writeUInt16BE(randomInt(0x1_0000), 0);
  const fits = (answer: Buffer): boolean => isAnswerTo(asked, questionEnd, answer);
  return transport === 'udp' ? askByUdp(asked, server, timeoutMs, fits) : askByTcp(asked, server, timeoutMs, fits);
}

/** Same id, same question; letters may differ in case. */
function isAnswerTo(asked: Buffer, questionEnd: number, answer: Buffer): boolean {
  if (answer.length < questionEnd || (answer.readUInt16BE(2) & FLAG.QR) === 0) return false;
  if (answer.readUInt16BE(0) !== asked.readUInt16BE(0)) return false;
  const question = (message: Buffer): string => message.toString('latin1', 12, questionEnd).toLowerCase();
  return question(answer) === question(asked);
}

type Fits = (answer: Buffer) => boolean;

/** A connected socket takes answers from that server alone. */
function askByUdp(asked: Buffer, { address, port }: NameServer, timeoutMs: number, fits: Fits): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const end = (answer?: Buffer): void => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => undefined);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(end, timeoutMs);
    socket.on('error', () => end());
    socket.on('message', (answer) => {
      if (fits(answer)) end(answer);
    });
    socket.connect(port, address, () => socket.send(asked));
  });
}

function askByTcp(asked: Buffer, { address, port }: NameServer, timeoutMs: number, fits: Fits): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: address, port, noDelay: true });
    let received = Buffer.alloc(0);
    const end = (answer?: Buffer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(end, timeoutMs);
    // Whatever ends the connection ends this attempt; an answer has ended it before.
    socket.on('error', () => end());
    socket.on('close', () => end());
    socket.on('connect', () => socket.write(Buffer.concat([lengthOf(asked), asked])));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const frame = takeFrame(received);
      if (frame) end(fits(frame.message) ? frame.message : undefined);
    });
  });
}
