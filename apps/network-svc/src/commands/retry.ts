import { ConstraintViolation } from '@weft/event-store';

/** Constraints that a lost race for a number or an address violates: the next attempt chooses another one. */
const RACES: readonly string[] = ['used_number_unique', 'uplink_address_unique', 'port_address_unique'];
const ATTEMPTS = 20;

/** Runs `work` again while others were faster; what still fails then is a real conflict. */
export async function retryRaces<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const race = error instanceof ConstraintViolation && RACES.includes(error.constraint);
      if (!race || attempt >= ATTEMPTS) throw error;
    }
  }
}
