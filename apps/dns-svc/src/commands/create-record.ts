import { newId, WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideRecord } from '../domain/zone-record.decider';
import { recordOwner } from '../domain/zone-record.entries';
import { recordFold, recordStream } from '../domain/zone-record.state';
import { nameKeyText } from '../domain/zone-name';
import { othersAt } from '../queries/find-content';
import { findRecord, loadZone } from '../queries/find-zones';
import { appendRecord } from './append-record';

export const createRecord: CommandHandler<'zone-record.create'> = (deps, meta, body) =>
  execute(deps, meta, 'zone-record.create', body, async (uow) => {
    const zone = await loadZone(deps, uow, meta, body.zone);
    const owner = nameKeyText(recordOwner(zone.name, body.name));
    if (await findRecord(deps.pool, zone.id, owner)) throw new WeftError('network-zone-record.exists', 'The network zone record already exists');
    const { name, description, entries, config } = body;
    const id = newId();
    const others = await othersAt(deps.pool, zone, owner);
    const events = decideRecord({ type: 'create', id, zone, name, description, entries, config, others }, recordFold.initial);
    await appendRecord(deps, uow, zone, owner, recordStream(id), events);
    return {};
  });
