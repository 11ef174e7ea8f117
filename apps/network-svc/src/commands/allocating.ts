import { ConstraintViolation } from '@weft/event-store';

/** Constraints that a lost race for a number or an address violates: the next attempt chooses another one. */
const RACES: readonly string[] = ['used_number_unique', 'uplink_address_unique', 'port_address_unique'];
const ATTEMPTS = 20;

/** The last work queued for each key; nobody waits for a key that is not there. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work`, which chooses numbers or addresses, alone among those of this process with the same keys, and again while
 * another replica was faster. What still fails then is a real conflict. Keys: what is chosen from.
 */
export async function allocating<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
  const [key, ...others] = [...new Set(keys)].sort();
  if (key === undefined) return retrying(work);
  const turn = (queues.get(key) ?? Promise.resolve()).then(() => allocating(others, work));
  const settled = turn.then(
    () => undefined,
    () => undefined,
  );
  queues.set(key, settled);
  void settled.then(() => {
    if (queues.get(key) === settled) queues.delete(key);
  });
  return turn;
}

async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const race = error instanceof ConstraintViolation && RACES.includes(error.constraint);
      if (!race || attempt >= ATTEMPTS) throw error;
    }
  }
}
