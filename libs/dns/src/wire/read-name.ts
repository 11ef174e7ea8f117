import { MAX_NAME_OCTETS, type Name } from '../names/name';
import { POINTER } from './header';

/** A message that breaks the rules of RFC 1035; answered with FORMERR where there is somebody to answer. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** Position behind a name, compressed or not; where a pointer leads is not looked at. */
export const skipName = (message: Uint8Array, start: number): number => {
  for (let at = start; ;) {
    const length = message[at];
    if (length === undefined) throw new MalformedMessage('a name runs over the end');
    if (length === 0) return at + 1;
    if (length >= POINTER) return at + 2;
    if (length > 63) throw new MalformedMessage('a label of an unknown kind');
    at += length + 1;
  }
};

/**
 * A name at a position, pointers followed. Each pointer must lead before the place where the last run of labels began,
 * so that there is no loop and no long walk.
 */
export const readName = (message: Buffer, start: number): { name: Name; next: number } => {
  let name = '';
  let next: number | undefined;
  let runStart = start;
  for (let at = start; ;) {
    const length = message[at];
    if (length === undefined) throw new MalformedMessage('a name runs over the end');
    if (length >= POINTER) {
      const low = message[at + 1];
      if (low === undefined) throw new MalformedMessage('a pointer runs over the end');
      next ??= at + 2;
      const target = (length - POINTER) * 256 + low;
      if (target >= runStart) throw new MalformedMessage('a pointer that does not lead back');
      at = runStart = target;
      continue;
    }
    if (length > 63) throw new MalformedMessage('a label of an unknown kind');
    const end = at + length + 1;
    if (end > message.length) throw new MalformedMessage('a label runs over the end');
    name += message.toString('latin1', at, end);
    if (name.length > MAX_NAME_OCTETS) throw new MalformedMessage('a name is too long');
    at = end;
    if (length === 0) return { name: name as Name, next: next ?? at };
  }
};
