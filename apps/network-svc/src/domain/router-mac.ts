import { createHash } from 'node:crypto';

/** The MAC of a network's router, on all of its ports: `bridge.hwaddr`, or one that stays the same for the network's life. */
export function routerMac(networkId: string, config: Readonly<Record<string, string>>): string {
  const fixed = config['bridge.hwaddr'];
  if (fixed) return fixed.toLowerCase();
  const [a, b, c] = createHash('sha256').update(networkId).digest();
  return ['00', '16', '3e', ...[a!, b!, c!].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
