/**
 * A field of a record's data: text <-> octets. A record format is a list of fields.
 *
 *   MX = [preference: uint16, exchange: name]      "10 mail.lab.example." <-> \0\10\4mail\3lab\7example\0
 */
import { DnsInputError } from '../errors';
import type { Token } from './tokens';

export interface FieldCodec {
  /** Takes its words and gives octets. @throws DnsInputError */
  parse(words: Words): string;
  /** Takes its octets and gives words. @throws DnsInputError for octets that name servers would refuse. */
  render(octets: Octets): string;
  /** May be left out: takes nothing when nothing is left. */
  readonly optional?: boolean;
}

export interface Field {
  readonly name: string;
  readonly codec: FieldCodec;
}

export const badField = (message: string): never => {
  throw new DnsInputError('value.bad-field', message);
};

export class Words {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get left(): number {
    return this.tokens.length - this.at;
  }

  next(): Token {
    const token = this.tokens[this.at++];
    if (!token) throw new DnsInputError('value.missing-field', 'it is missing');
    return token;
  }

  /** A word that must not be quoted. */
  word(): string {
    const token = this.next();
    return token.quoted ? badField(`"${token.text}" must not be quoted`) : token.text;
  }

  peek(): Token | undefined {
    return this.tokens[this.at];
  }

  rest(): Token[] {
    const rest = this.tokens.slice(this.at);
    this.at = this.tokens.length;
    return rest;
  }
}

/** Reads octets (one character each) from left to right. */
export class Octets {
  private at = 0;

  constructor(private readonly octets: string) {}

  get left(): number {
    return this.octets.length - this.at;
  }

  take(count: number): string {
    if (count > this.left) badField(`${count} octets are needed and ${this.left} are left`);
    const taken = this.octets.slice(this.at, this.at + count);
    this.at += count;
    return taken;
  }

  uint(size: 1 | 2 | 4): number {
    return [...this.take(size)].reduce((sum, octet) => sum * 256 + octet.charCodeAt(0), 0);
  }

  rest(): string {
    return this.take(this.left);
  }

  /** The octets of an uncompressed name. */
  name(): string {
    const start = this.at;
    for (;;) {
      const length = this.uint(1);
      if (length > 63) badField('the name is compressed or has a label that is too long');
      if (length === 0) break;
      this.take(length);
    }
    const name = this.octets.slice(start, this.at);
    return name.length > 255 ? badField('the name is longer than 255 octets') : name;
  }
}

export const uintOctets = (value: number, size: 1 | 2 | 4): string => {
  let octets = '';
  for (let shift = size - 1; shift >= 0; shift--) octets += String.fromCharCode(Math.floor(value / 256 ** shift) % 256);
  return octets;
};
