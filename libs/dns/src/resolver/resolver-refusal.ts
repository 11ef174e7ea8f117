import { writeRefusal } from '../server/write-answer';
import { FLAG, RCODE } from '../wire/header';
import { MessageWriter } from '../wire/message-writer';
import { type DnsRequest, readRequest } from '../wire/read-request';

const writer = new MessageWriter();

/** What a client hears when nobody can say anything now: it may ask again. Undefined for what is no request. */
export function serverFailure(message: Buffer): Buffer | undefined {
  const read = readRequest(message);
  return read.kind === 'request' ? resolverRefusal(read.request, RCODE.SERVFAIL) : undefined;
}

export const resolverRefusal = (request: DnsRequest, rcode: number): Buffer => withRecursion(Buffer.from(writeRefusal(writer, request, rcode)));

/** From one who goes and asks others for its clients (RA). */
export function withRecursion(answer: Buffer): Buffer {
  answer.writeUInt16BE(answer.readUInt16BE(2) | FLAG.RA, 2);
  return answer;
}
