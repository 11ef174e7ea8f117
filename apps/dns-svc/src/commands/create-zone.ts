import { newId, WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideZone, requireZone } from '../domain/zone.decider';
import { zoneKeyOf } from '../domain/zone-name';
import { checkZoneAllowed, zonesProject } from '../domain/zone-restrictions';
import { zoneFold, zoneStream } from '../domain/zone.state';
import { findZone, lastSerial } from '../queries/find-zones';
import { appendContent } from './append-content';
import { requireProject } from './authorize';
import { hideZoneKeys } from './hide-zone-keys';

export const createZone: CommandHandler<'zone.create'> = (deps, meta, body) =>
  execute(deps, meta, 'zone.create', body, async (uow) => {
    const facts = await deps.projects.find(meta.project);
    const project = zonesProject(facts);
    requireProject(meta, project);
    const id = newId();
    const config = await hideZoneKeys(deps, uow, { id, name: body.name, config: {} }, body.config);
    const created = decideZone({ type: 'create', id, project, ...body, config }, zoneFold.initial);
    checkZoneAllowed(facts, body.name);
    if (await findZone(deps.pool, body.name)) throw new WeftError('network-zone.exists', 'The network zone already exists');
    uow.append(
      zoneStream(id),
      created.map((event) => ({ ...event, project })),
    );
    const zone = requireZone((await uow.load(zoneFold, zoneStream(id))).state);
    const serial = await lastSerial(deps.pool, zoneKeyOf(body.name) ?? '');
    await appendContent(deps, uow, { ...zone, serial }, undefined);
    return {};
  });
