import { OvsdbProtocolError } from '../errors';

const [QUOTE, BACKSLASH, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Cuts a byte stream into JSON objects: RFC 7047 puts nothing between two messages, so that only the brackets tell where one ends.
 *
 *   between --'{'--> inside --'"'--> string --'\'--> escape
 *      ^                |   <--'"'--   |    <--any--
 *      +---last '}'-----+
 *
 * It looks at bytes and never decodes a part of a message: no byte of a longer UTF-8 sequence is below 0x80, so none of them can be
 * taken for a bracket or a quote, wherever the chunks are cut. Every byte is looked at once.
 */
export class JsonSplitter {
  private parts: Buffer[] = [];
  private size = 0;
  private depth = 0;
  private inString = false;
  private escaped = false;

  /** @param maxBytes longest message accepted; a whole database comes as one message */
  constructor(private readonly maxBytes = 1024 ** 3) {}

  /** The messages that these bytes complete. @throws OvsdbProtocolError when the stream is no sequence of JSON objects */
  push(chunk: Buffer): unknown[] {
    const messages: unknown[] = [];
    let start = 0;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] as number;
      if (this.inString) {
        this.insideString(byte);
        continue;
      }
      if (byte === QUOTE && this.depth > 0) this.inString = true;
      else if (byte === OPEN_OBJECT || (byte === OPEN_ARRAY && this.depth > 0)) {
        if (this.depth++ === 0) start = index;
      } else if (this.depth === 0) {
        if (!isSpace(byte)) throw new OvsdbProtocolError(`A message cannot begin with the byte 0x${byte.toString(16)}`);
      } else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --this.depth === 0) {
        messages.push(parse(this.complete(chunk.subarray(start, index + 1))));
      }
    }
    if (this.depth > 0) this.keep(chunk.subarray(start));
    return messages;
  }

  private insideString(byte: number): void {
    if (this.escaped) this.escaped = false;
    else if (byte === BACKSLASH) this.escaped = true;
    else if (byte === QUOTE) this.inString = false;
  }

  private keep(part: Buffer): void {
    this.size += part.length;
    if (this.size > this.maxBytes) throw new OvsdbProtocolError(`A message is longer than ${this.maxBytes} bytes`);
    this.parts.push(part);
  }

  private complete(last: Buffer): Buffer {
    if (this.parts.length === 0) return last;
    const message = Buffer.concat([...this.parts, last]);
    this.parts = [];
    this.size = 0;
    return message;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function parse(message: Buffer): unknown {
  try {
    return JSON.parse(message.toString('utf8'));
  } catch (error) {
    throw new OvsdbProtocolError('A message is not JSON', { cause: error });
  }
}
