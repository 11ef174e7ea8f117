import { StringDecoder } from 'node:string_decoder';

/** The guest agent sends this byte before the answer to `guest-sync-delimited`; it never occurs in UTF-8. */
export const DELIMITER = 0xff;

/**
 * Splits a QMP byte stream into JSON values: one per line (QEMU, qmp-spec.rst: each value ends with CRLF).
 * What comes before a delimiter byte is an answer that nobody waits for any more: it is dropped.
 */
export class JsonLines {
  private text = '';
  private decoder = new StringDecoder('utf8');

  /** @param maxLength longest line accepted, in characters */
  constructor(private readonly maxLength = 64 * 1024 * 1024) {}

  /** The values that these bytes complete. @throws SyntaxError, RangeError when the peer does not speak the protocol */
  push(bytes: Buffer): unknown[] {
    const delimiter = bytes.lastIndexOf(DELIMITER);
    if (delimiter >= 0) {
      this.text = '';
      this.decoder = new StringDecoder('utf8');
    }
    this.text += this.decoder.write(bytes.subarray(delimiter + 1));
    const lines = this.text.split('\n');
    this.text = lines.pop() ?? '';
    if (this.text.length > this.maxLength) throw new RangeError(`A QMP line is longer than ${this.maxLength} characters`);
    return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown);
  }
}
