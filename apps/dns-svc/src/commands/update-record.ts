import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideRecord } from '../domain/zone-record.decider';
import { othersAt } from '../queries/find-content';
import { loadZone } from '../queries/find-zones';
import { appendRecord } from './append-record';
import { loadRecord } from './load-record';

export const updateRecord: CommandHandler<'zone-record.update'> = (deps, meta, body) =>
  execute(deps, meta, 'zone-record.update', body, async (uow) => {
    const zone = await loadZone(deps, uow, meta, body.zone);
    const { owner, stream, state } = await loadRecord(deps, uow, zone, body.name);
    const { zone: _zone, name: _name, ...change } = body;
    const others = await othersAt(deps.pool, zone, owner);
    await appendRecord(deps, uow, zone, owner, stream, decideRecord({ type: 'update', ...change, others }, state));
    return {};
  });
