import { v5 as uuidv5, v7 as uuidv7, validate } from 'uuid';

/** Namespace of every id that Weft derives from another id (RFC 9562, version 5). */
const DERIVED_NAMESPACE = '6f0a7c52-5d0c-4a55-9d0f-2b6f3f1f8f10';

/** Random bytes for 256 ids: asking the system for 16 at a time takes longer than all the rest of making an id. */
const randomness = new Uint8Array(16 * 256);
let randomnessUsed = randomness.length;
const clock = { msecs: 0, seq: 0 };

/** A new, time-ordered id (UUID version 7); ids of one process ascend (RFC 9562, 6.2, method 1). */
export const newId = (): string => {
  if (randomnessUsed === randomness.length) {
    crypto.getRandomValues(randomness);
    randomnessUsed = 0;
  }
  const random = randomness.subarray(randomnessUsed, (randomnessUsed += 16));
  const now = Date.now();
  if (now > clock.msecs) {
    clock.msecs = now;
    clock.seq = ((random[6]! & 0x7f) << 24) | (random[7]! << 16) | (random[8]! << 8) | random[9]!;
  } else {
    clock.seq = (clock.seq + 1) | 0;
    if (clock.seq === 0) clock.msecs += 1;
  }
  return uuidv7({ random, msecs: clock.msecs, seq: clock.seq });
};

/** The same parts always give the same id: what makes a repeated command harmless. */
export const derivedId = (...parts: string[]): string => uuidv5(parts.join('\n'), DERIVED_NAMESPACE);

export const isId = (value: string): boolean => validate(value);
