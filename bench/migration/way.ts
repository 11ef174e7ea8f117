/** One way of bringing a running guest to another host. */
export interface Way {
  name: string;
  /** Where its guest answers. */
  address: string;
  /** The guest's serial console, on each host. */
  consoles: readonly string[];
  /** Guests of other ways stand still meanwhile. */
  wake(): Promise<void>;
  rest(): Promise<void>;
  /** To the other host; returns when all is done that belongs to it. */
  move(): Promise<Said>;
}

/** Milliseconds. */
export interface Said {
  /** The pause of the guest, as QEMU says it; where QEMU does not, from `stop` to `cont`. */
  downtimeMs: number;
  /** The copy of the memory, as QEMU says it. */
  memoryMs?: number;
}
