import { type Name, type NameKey, nameKey } from '../names/name';
import type { ServedZone, TsigKey, ZoneSource } from '../zone-source';

const DUPLICATE = (name: string): Error => new Error(`two zones use different TSIG keys of one name: ${JSON.stringify(name)}`);

/** Zones in memory. `put` replaces a zone as a whole, so that every answer is of one serial. */
export class MemoryZoneSource implements ZoneSource {
  private readonly zones = new Map<NameKey, ServedZone>();
  private readonly keys = new Map<NameKey, { key: TsigKey; apex: NameKey }>();

  zone(apex: NameKey): ServedZone | undefined {
    return this.zones.get(apex);
  }

  key(name: NameKey): TsigKey | undefined {
    return this.keys.get(name)?.key;
  }

  /** @throws Error when another zone has a key of the same name. */
  put(zone: ServedZone): void {
    const apex = zone.content.apexKey;
    const keys = keysOf(zone);
    for (const key of keys) {
      const holder = this.keys.get(nameKey(key.name));
      if (holder && holder.apex !== apex && !sameKey(holder.key, key)) throw DUPLICATE(key.name);
    }
    this.forgetKeys(apex);
    for (const key of keys) if (!this.keys.has(nameKey(key.name))) this.keys.set(nameKey(key.name), { key, apex });
    this.zones.set(apex, zone);
  }

  remove(apex: Name): void {
    const key = nameKey(apex);
    this.forgetKeys(key);
    this.zones.delete(key);
  }

  private forgetKeys(apex: NameKey): void {
    const zone = this.zones.get(apex);
    if (!zone) return;
    for (const key of keysOf(zone)) if (this.keys.get(nameKey(key.name))?.apex === apex) this.keys.delete(nameKey(key.name));
  }
}

/** NOTIFY keys too: a secondary may use the key that we sign with. */
const keysOf = (zone: ServedZone): TsigKey[] => [...zone.peers, ...zone.notify].flatMap((peer) => (peer.key ? [peer.key] : []));

const sameKey = (a: TsigKey, b: TsigKey): boolean => Buffer.compare(a.secret, b.secret) === 0;
