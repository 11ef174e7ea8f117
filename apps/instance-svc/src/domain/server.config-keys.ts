/**
 * Configuration keys of the server that Weft honours or keeps for its own services. What LXD 5.0 has beyond these
 * (candid, RBAC, MAAS, proxies) is refused as unknown, in LXD's words, instead of being accepted and ignored.
 */
import { listenAddress, WeftError } from '@weft/contracts';
import { anything, boolean, oneOf, timeSpan, unsigned, type ValueCheck } from './config-values';

const DNS_PORT = 53;
export const TRUST_PASSWORD_KEY = 'core.trust_password';
export const JOIN_TOKEN_EXPIRY_KEY = 'cluster.join_token_expiry';
export const IMAGE_REPLICAS_KEY = 'cluster.images_minimal_replica';
export const OFFLINE_THRESHOLD_KEY = 'cluster.offline_threshold';
export const TOKEN_EXPIRY_KEY = 'core.remote_token_expiry';

const offlineThreshold: ValueCheck = (value) => unsigned(value) ?? (Number(value) >= 10 ? undefined : 'Value must be at least 10 seconds');

const replicas: ValueCheck = (value) => (/^(-1|[1-9]\d{0,5})$/.test(value) ? undefined : 'Value must be a number of members, at least 1, or -1 for all');

const SERVER_KEYS: Readonly<Record<string, ValueCheck>> = {
  'backups.compression_algorithm': anything,
  [IMAGE_REPLICAS_KEY]: replicas,
  [JOIN_TOKEN_EXPIRY_KEY]: timeSpan,
  [OFFLINE_THRESHOLD_KEY]: offlineThreshold,
  'core.dns_address': listenAddress(DNS_PORT),
  [TOKEN_EXPIRY_KEY]: timeSpan,
  'core.shutdown_timeout': unsigned,
  [TRUST_PASSWORD_KEY]: anything,
  'images.auto_update_cached': boolean,
  'images.auto_update_interval': unsigned,
  'images.compression_algorithm': oneOf('none', 'gzip', 'bzip2', 'lzma', 'xz', 'squashfs', 'zstd', 'lz4', 'pigz'),
  'images.default_architecture': anything,
  'images.remote_cache_expiry': unsigned,
};

/** Set where the platform is started, because services must know them before any configuration can be read. */
const STARTUP_KEYS: Readonly<Record<string, string>> = {
  'core.https_address': 'WEFT_HTTPS_ADDRESS',
};

/**
 * Refuses unknown keys, bad values and keys that only the start-up environment sets; drops empty values.
 * A start-up key that the client merely carries along from what it read is left out.
 */
export function checkServerConfig(config: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    const variable = Object.hasOwn(STARTUP_KEYS, key) ? STARTUP_KEYS[key] : undefined;
    if (variable) throw new WeftError('config.invalid', `cannot set '${key}' to '${value}': it is fixed at start by ${variable}`);
    const check = key.startsWith('user.') ? anything : Object.hasOwn(SERVER_KEYS, key) ? SERVER_KEYS[key] : undefined;
    if (!check) throw new WeftError('config.invalid', `cannot set '${key}' to '${value}': unknown key`);
    if (value === '') continue;
    const problem = check(value);
    if (problem) throw new WeftError('config.invalid', `cannot set '${key}' to '${value}': ${problem}`);
    kept[key] = value;
  }
  return kept;
}
