/**
 * Types of configuration values, as LXD reads them: booleans and sizes have many spellings. A check returns what is
 * wrong with a value, or undefined. The empty value always means "not set" and never reaches a check.
 */
import { parseByteSize } from './byte-size';

export type ValueCheck = (value: string) => string | undefined;

const TRUE_WORDS = ['true', '1', 'yes', 'on'];
const FALSE_WORDS = ['false', '0', 'no', 'off'];

/** LXD's idea of true; everything else, unset included, is false. */
export const isTrue = (value: string | undefined): boolean => TRUE_WORDS.includes((value ?? '').toLowerCase());

export const boolean: ValueCheck = (value) =>
  TRUE_WORDS.includes(value.toLowerCase()) || FALSE_WORDS.includes(value.toLowerCase()) ? undefined : `Invalid value for a boolean "${value}"`;

export const unsigned: ValueCheck = (value) => (/^\d+$/.test(value) && Number(value) <= 0xffff_ffff ? undefined : `Invalid value for an integer "${value}"`);

export const anything: ValueCheck = () => undefined;

export const oneOf =
  (...allowed: string[]): ValueCheck =>
  (value) =>
    allowed.includes(value) ? undefined : `Invalid value "${value}" (not one of ${allowed.join(', ')})`;

export const byteSize: ValueCheck = (value) => (parseByteSize(value) === undefined ? `Invalid value: ${value}` : undefined);

const EXPIRY_UNITS: Record<string, 'minutes' | 'hours' | 'days' | 'weeks' | 'months' | 'years'> = {
  M: 'minutes',
  H: 'hours',
  d: 'days',
  w: 'weeks',
  m: 'months',
  y: 'years',
};

/** The end of a time span such as `1w 2d` that begins at `from`; undefined when `span` is not one. */
export function expiryAfter(from: Date, span: string): Date | undefined {
  const parts = span.split(/\s+/).filter(Boolean);
  const end = new Date(from);
  for (const part of parts) {
    const [, digits, letter] = /^(\d+)([MHdwmy])$/.exec(part) ?? [];
    if (digits === undefined || letter === undefined) return undefined;
    const count = Number(digits);
    switch (EXPIRY_UNITS[letter]) {
      case 'minutes':
        end.setUTCMinutes(end.getUTCMinutes() + count);
        break;
      case 'hours':
        end.setUTCHours(end.getUTCHours() + count);
        break;
      case 'days':
        end.setUTCDate(end.getUTCDate() + count);
        break;
      case 'weeks':
        end.setUTCDate(end.getUTCDate() + 7 * count);
        break;
      case 'months':
        end.setUTCMonth(end.getUTCMonth() + count);
        break;
      default:
        end.setUTCFullYear(end.getUTCFullYear() + count);
    }
  }
  return parts.length === 0 || Number.isNaN(end.getTime()) ? undefined : end;
}

export const timeSpan: ValueCheck = (value) =>
  expiryAfter(new Date(0), value) ? undefined : `Invalid expiry expression "${value}": use a number and one of M H d w m y, for example "2w 1d"`;
