const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  PB: 1e15,
  EB: 1e18,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  PiB: 2 ** 50,
  EiB: 2 ** 60,
};

/** Bytes in a size such as `512MiB`, or undefined when it is none (LXD documentation, "Units for storage and network limits"). */
export function parseByteSize(value: string): number | undefined {
  const [, digits, unit] = /^(\d{1,18})\s*([A-Za-z]*)$/.exec(value.trim()) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}
