import { WeftError } from '@weft/contracts';

/** Go's zero time means "never", as an unset date does. Throws `request.invalid` for what is no date. */
export function expiryOf(text: string | null | undefined): string | null {
  if (!text || text.startsWith('0001-01-01')) return null;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new WeftError('request.invalid', `Invalid expiry date "${text}": give a date such as 2031-01-31T12:00:00Z`);
  return new Date(time).toISOString();
}
