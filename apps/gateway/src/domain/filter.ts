/**
 * The `filter=` language of LXD collections (LXD 5.0 "REST API: Filtering"), parsed to a tree.
 *
 *   expression := term { ("and" | "or") term }        left-associative, both bind alike, as LXD evaluates them
 *   term       := ["not"] ( "(" expression ")" | field ("eq" | "ne") value )
 *   value      := "quoted text" | word
 *
 * Parentheses around terms are an addition. A value may be a regular expression and then contain parentheses
 * itself; a closing one ends the value only when the value did not open it.
 */
import { WeftError } from '@weft/contracts';

export type Filter =
  { kind: 'compare'; field: string; operator: 'eq' | 'ne'; value: string } | { kind: 'not'; of: Filter } | { kind: 'and' | 'or'; left: Filter; right: Filter };

const MAX_LENGTH = 4096;
const MAX_DEPTH = 32;
const MAX_CLAUSES = 64;

/** `undefined` for an empty filter, which the stock client sends. Throws `request.invalid`. */
export function parseFilter(text: string): Filter | undefined {
  if (text.trim() === '') return undefined;
  if (text.length > MAX_LENGTH) throw invalid(`it is longer than ${MAX_LENGTH} characters`);
  const parser = new Parser(text);
  const filter = parser.expression(0);
  parser.end();
  return filter;
}

const invalid = (why: string): WeftError => new WeftError('request.invalid', `Invalid filter: ${why}`);

class Parser {
  private at = 0;
  private clauses = 0;

  constructor(private readonly text: string) {}

  expression(depth: number): Filter {
    if (depth > MAX_DEPTH) throw invalid(`it is nested deeper than ${MAX_DEPTH}`);
    let left = this.term(depth);
    for (;;) {
      const word = this.peekWord();
      if (word !== 'and' && word !== 'or') return left;
      this.word();
      left = { kind: word, left, right: this.term(depth) };
    }
  }

  end(): void {
    this.blanks();
    if (this.at < this.text.length) throw invalid(`unexpected "${this.text.slice(this.at, this.at + 20)}"`);
  }

  private term(depth: number): Filter {
    if (this.peekWord() === 'not') {
      this.word();
      return { kind: 'not', of: this.primary(depth) };
    }
    return this.primary(depth);
  }

  private primary(depth: number): Filter {
    this.blanks();
    if (this.text[this.at] !== '(') return this.comparison();
    this.at += 1;
    const inner = this.expression(depth + 1);
    this.blanks();
    if (this.text[this.at] !== ')') throw invalid('a ")" is missing');
    this.at += 1;
    return inner;
  }

  private comparison(): Filter {
    this.clauses += 1;
    if (this.clauses > MAX_CLAUSES) throw invalid(`it has more than ${MAX_CLAUSES} clauses`);
    const field = this.word();
    if (field === '') throw invalid('a field name is missing');
    const operator = this.word().toLowerCase();
    if (operator !== 'eq' && operator !== 'ne') throw invalid(`"${operator}" is no operator, use eq or ne`);
    return { kind: 'compare', field, operator, value: this.value() };
  }

  private value(): string {
    this.blanks();
    if (this.at >= this.text.length) throw invalid('a value is missing');
    return this.text[this.at] === '"' ? this.quoted() : this.word();
  }

  private quoted(): string {
    let value = '';
    for (this.at += 1; this.at < this.text.length; this.at += 1) {
      const char = this.text[this.at]!;
      if (char === '"') {
        this.at += 1;
        return value;
      }
      if (char === '\\' && this.at + 1 < this.text.length && '"\\'.includes(this.text[this.at + 1]!)) this.at += 1;
      value += this.text[this.at]!;
    }
    throw invalid('a quote is not closed');
  }

  private peekWord(): string {
    const start = this.at;
    const word = this.word().toLowerCase();
    this.at = start;
    return word;
  }

  /** Up to the next blank, or the parenthesis that closes a group around it. */
  private word(): string {
    this.blanks();
    const start = this.at;
    let open = 0;
    for (; this.at < this.text.length; this.at += 1) {
      const char = this.text[this.at]!;
      if (/\s/.test(char)) break;
      if (char === '(') open += 1;
      else if (char === ')' && (open -= 1) < 0) break;
    }
    return this.text.slice(start, this.at);
  }

  private blanks(): void {
    while (this.at < this.text.length && /\s/.test(this.text[this.at]!)) this.at += 1;
  }
}
