/**
 * A map that forgets what was not used for long. Two generations: when the young one is full it becomes the old one, and
 * the old one is dropped; what is read moves to the young one. So it keeps at least the `capacity` entries used last and
 * at most twice as many, without the reordering at every read that an exact list of ages needs.
 */
export class BoundedMap<K, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();

  constructor(private readonly capacity: number) {}

  get(key: K): V | undefined {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const aged = this.old.get(key);
    if (aged !== undefined) this.set(key, aged);
    return aged;
  }

  set(key: K, value: V): void {
    this.young.set(key, value);
    if (this.young.size <= this.capacity) return;
    this.old = this.young;
    this.young = new Map([[key, value]]);
  }

  delete(key: K): void {
    this.young.delete(key);
    this.old.delete(key);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }
}
