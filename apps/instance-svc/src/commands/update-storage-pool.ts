import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideStoragePool } from '../domain/storage-pool.decider';
import { storagePoolFold, storagePoolStream } from '../domain/storage-pool.state';
import { requireUnrestricted } from './authorize';

export const updateStoragePool: CommandHandler<'storage-pool.update'> = (deps, meta, body) =>
  execute(deps, meta, 'storage-pool.update', body, async (uow) => {
    requireUnrestricted(meta);
    const { name, ...change } = body;
    const { state } = await uow.load(storagePoolFold, storagePoolStream(name));
    uow.append(storagePoolStream(name), decideStoragePool({ type: 'update', ...change }, state));
    return {};
  });
