import type { Cursor } from './types';

/**
 * Order of the log is (tx, position), not position alone: a position is drawn before its transaction commits, so a
 * later position may become visible first. Cursors are compared as numbers and kept as decimal strings.
 */
export const START: Cursor = { tx: '0', position: '0' };

const compareDecimal = (a: string, b: string): number => (a.length === b.length ? (a < b ? -1 : a > b ? 1 : 0) : a.length - b.length);

/** Negative, zero or positive as `a` lies before, at or behind `b`. */
export const compareCursors = (a: Cursor, b: Cursor): number => compareDecimal(a.tx, b.tx) || compareDecimal(a.position, b.position);

/** One token for headers and replies: `<tx>.<position>`. */
export const formatCursor = (cursor: Cursor): string => `${cursor.tx}.${cursor.position}`;

/** @throws Error when the text is no cursor */
export function parseCursor(text: string): Cursor {
  const match = /^(\d{1,20})\.(\d{1,19})$/.exec(text);
  if (!match) throw new Error(`not a cursor: ${text.slice(0, 50)}`);
  return { tx: match[1]!, position: match[2]! };
}

export const cursorOf = (event: Cursor): Cursor => ({ tx: event.tx, position: event.position });
