/** LXD byte sizes: a number with an optional decimal (kB, MB...) or binary (KiB, MiB...) unit (LXD 5.0 "Units"). */
const UNITS: Readonly<Record<string, number>> = {
  '': 1, B: 1, bit: 0.125,
  kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15, EB: 1e18,
  KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40, PiB: 2 ** 50, EiB: 2 ** 60,
}; // prettier-ignore

/** Bytes; undefined for what is no size (a percentage, an empty string). */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+)\s*([A-Za-z]*)$/.exec(text.trim());
  const unit = match ? UNITS[match[2] ?? ''] : undefined;
  return match && unit !== undefined ? Math.floor(Number(match[1]) * unit) : undefined;
}
