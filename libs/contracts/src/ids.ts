import { v5 as uuidv5, v7 as uuidv7, validate } from 'uuid';

/** Namespace of every id that Weft derives from another id (RFC 9562, version 5). */
const DERIVED_NAMESPACE = '6f0a7c52-5d0c-4a55-9d0f-2b6f3f1f8f10';

/** A new, time-ordered id (UUID version 7). */
export const newId = (): string => uuidv7();

/** The same parts always give the same id: what makes a repeated command harmless. */
export const derivedId = (...parts: string[]): string => uuidv5(parts.join('\n'), DERIVED_NAMESPACE);

export const isId = (value: string): boolean => validate(value);
