/** Serial number arithmetic, RFC 1982 with 32 bits. */
const MODULUS = 2 ** 32;
const HALF = 2 ** 31;

/** `undefined`: exactly half the circle apart, where the RFC leaves the order open. */
export const compareSerials = (a: number, b: number): -1 | 0 | 1 | undefined => {
  if (a === b) return 0;
  const ahead = (b - a + MODULUS) % MODULUS;
  if (ahead === HALF) return undefined;
  return ahead < HALF ? -1 : 1;
};

/** @param by 0 to 2^31 - 1: a secondary takes a longer step for one back. */
export const addToSerial = (serial: number, by: number): number => {
  if (!Number.isInteger(by) || by < 0 || by >= HALF) throw new RangeError(`a serial cannot be advanced by ${by}`);
  return (serial + by) % MODULUS;
};

/** The serial of a zone's n-th change: 1 to 2^32 - 1 and round again. Zero is left out: some software takes it for "unset". */
export const serialOfVersion = (version: number): number => ((version - 1) % (MODULUS - 1)) + 1;
