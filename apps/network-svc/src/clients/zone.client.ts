import type { Meta } from '@weft/contracts';

export interface ZoneUse {
  name: string;
  kind: 'forward' | 'ipv4' | 'ipv6';
}

/** What commands need of the zones. */
export interface ZoneClient {
  /** @throws WeftError when one does not exist or cannot be used so, or when nobody answers */
  check(zones: readonly ZoneUse[], meta: Meta): Promise<void>;
}
