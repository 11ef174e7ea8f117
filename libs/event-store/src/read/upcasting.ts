import type { Upcaster } from '../types';

export type Upcast = (type: string, schemaVersion: number, data: object) => { schemaVersion: number; data: object };

/**
 * Chains upcasters: data of any version ever written comes out in the newest shape.
 * @throws Error when two upcasters start from the same version of a type
 */
export function upcasting(upcasters: readonly Upcaster[]): Upcast {
  const steps = new Map<string, Upcaster>();
  for (const upcaster of upcasters) {
    const key = `${upcaster.type} ${upcaster.fromVersion}`;
    if (steps.has(key)) throw new Error(`two upcasters for ${key}`);
    steps.set(key, upcaster);
  }
  if (steps.size === 0) return (_type, schemaVersion, data) => ({ schemaVersion, data });
  return (type, schemaVersion, data) => {
    let lifted = { schemaVersion, data };
    for (let step = steps.get(`${type} ${schemaVersion}`); step; step = steps.get(`${type} ${lifted.schemaVersion}`)) {
      lifted = { schemaVersion: lifted.schemaVersion + 1, data: step.up(lifted.data) };
    }
    return lifted;
  };
}
