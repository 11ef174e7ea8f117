import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideRecord } from '../domain/zone-record.decider';
import { loadZone } from '../queries/find-zones';
import { appendRecord } from './append-record';
import { loadRecord } from './load-record';

export const deleteRecord: CommandHandler<'zone-record.delete'> = (deps, meta, body) =>
  execute(deps, meta, 'zone-record.delete', body, async (uow) => {
    const zone = await loadZone(deps, uow, meta, body.zone);
    const { owner, stream, state } = await loadRecord(deps, uow, zone, body.name);
    await appendRecord(deps, uow, zone, owner, stream, decideRecord({ type: 'delete' }, state));
    return {};
  });
