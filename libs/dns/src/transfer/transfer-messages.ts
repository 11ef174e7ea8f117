import { HEADER_OCTETS } from '../wire/header';
import { MAX_MESSAGE_OCTETS, MessageWriter } from '../wire/message-writer';
import type { DnsRequest } from '../wire/read-request';
import type { ZoneRecord } from '../zone/zone-record';

/** Compression pointers reach 16 KiB: longer messages would only repeat names. A signature finds room behind, also behind the largest record. */
const PREFERRED_OCTETS = 16_380;

/**
 * The messages of a transfer. The first repeats the question (RFC 5936 section 2.2.1). Each is made when it is asked for,
 * so that a slow reader costs the memory of one.
 * @param flags of every message
 */
export function* transferMessages(request: DnsRequest, flags: number, records: Iterator<ZoneRecord>): Generator<Buffer> {
  // A writer of its own: other answers are written while this one waits for its reader.
  const writer = new MessageWriter();
  const limit = PREFERRED_OCTETS;
  const question = { octets: request.message.subarray(HEADER_OCTETS, request.questionEnd), name: request.name };
  writer.begin({ id: request.id, flags, question, limit });
  let empty = true;
  for (let next = records.next(); !next.done; next = records.next()) {
    const record = next.value;
    if (!write(writer, record)) {
      if (!empty) yield writer.finish();
      writer.begin({ id: request.id, flags, limit });
      if (!write(writer, record)) yield* alone(writer, request.id, flags, record);
    }
    empty = writer.length === HEADER_OCTETS;
  }
  if (!empty) yield writer.finish();
}

const write = (writer: MessageWriter, record: ZoneRecord): boolean => writer.record('answer', record.owner, record.type, record.ttlSeconds, record.rdata);

/** A record that is larger than a message that we like. */
function* alone(writer: MessageWriter, id: number, flags: number, record: ZoneRecord): Generator<Buffer> {
  writer.begin({ id, flags, limit: MAX_MESSAGE_OCTETS });
  if (!write(writer, record)) throw new Error('a record does not fit into a message');
  yield writer.finish();
  writer.begin({ id, flags, limit: PREFERRED_OCTETS });
}
