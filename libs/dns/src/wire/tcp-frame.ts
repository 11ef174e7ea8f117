/** Messages on a stream: each behind its length in two octets (RFC 1035 section 4.2.2, RFC 7766 section 8). */

/** What goes before a message. */
export function lengthOf(message: Uint8Array): Buffer {
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(message.length, 0);
  return length;
}

/** The first message of what has arrived, and what follows it; undefined while the message is not whole. Nothing is copied. */
export function takeFrame(arrived: Buffer): { message: Buffer; rest: Buffer } | undefined {
  if (arrived.length < 2) return undefined;
  const end = 2 + arrived.readUInt16BE(0);
  return arrived.length < end ? undefined : { message: arrived.subarray(2, end), rest: arrived.subarray(end) };
}
