import type { z } from 'zod';

/** The events of one noun: type name to the schema of its data. */
export type EventCatalogue = Record<string, z.ZodType<object>>;

/** The union of events that a catalogue describes. */
export type EventOf<C extends EventCatalogue> = { [K in keyof C & string]: { type: K; data: z.infer<C[K]> } }[keyof C & string];
