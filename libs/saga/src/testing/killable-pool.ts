import type { Pool } from 'pg';

/** A pool that can die like the process that owns it: from then on nothing it is asked reaches the database. */
export interface KillablePool {
  pool: Pool;
  kill(): void;
}

export function killablePool(real: Pool): KillablePool {
  let dead = false;
  const pool = new Proxy(real, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => (dead ? Promise.reject(new Error('process is dead')) : Reflect.apply(value, target, args));
    },
  });
  return {
    pool,
    kill: () => {
      dead = true;
    },
  };
}
