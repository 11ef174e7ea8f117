import { WeftError, type StoragePoolEvent } from '@weft/contracts';
import { anything, boolean, byteSize, type ValueCheck } from './config-values';
import { checkEtag } from './etag';
import { storagePoolEtag, type StoragePoolState } from './storage-pool.state';

/** Keys of a directory pool. */
const KEYS: Readonly<Record<string, ValueCheck>> = {
  'rsync.bwlimit': byteSize,
  'rsync.compression': boolean,
  source: anything,
};

export type StoragePoolCommand =
  | { type: 'create'; name: string; driver: 'dir'; description: string; config: Readonly<Record<string, string>> }
  | { type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string; description?: string; config?: Readonly<Record<string, string>> };

export function decideStoragePool(command: StoragePoolCommand, state: StoragePoolState): StoragePoolEvent[] {
  if (command.type === 'create') {
    if (state.status === 'active') throw new WeftError('storage-pool.exists', 'The storage pool already exists');
    const { name, driver, description, config } = command;
    return [{ type: 'StoragePoolCreated', data: { name, driver, description, config: checkConfig(config) } }];
  }
  if (state.status !== 'active') throw new WeftError('storage-pool.not-found', 'Storage pool not found');
  checkEtag(command.ifMatch, storagePoolEtag(state));
  const merge = command.mode === 'merge';
  const { source = '', ...rest } = { ...(merge ? state.config : {}), ...command.config };
  // A client that replaces the configuration may leave the source out; it may not point the pool elsewhere.
  if (source !== '' && source !== state.config['source']) throw new WeftError('config.invalid', 'The source of a storage pool cannot be changed');
  const config = checkConfig({ ...(state.config['source'] ? { source: state.config['source'] } : {}), ...rest });
  return [{ type: 'StoragePoolUpdated', data: { name: state.name, description: command.description ?? (merge ? state.description : ''), config } }];
}

function checkConfig(config: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(config).filter(([, value]) => value !== '');
  for (const [key, value] of kept) {
    const check = key.startsWith('user.') ? anything : Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (!check) throw new WeftError('config.invalid', `Invalid option for storage pool of driver "dir": "${key}"`);
    const problem = check(value);
    if (problem) throw new WeftError('config.invalid', `Invalid value for option "${key}": ${problem}`);
  }
  return Object.fromEntries(kept);
}
