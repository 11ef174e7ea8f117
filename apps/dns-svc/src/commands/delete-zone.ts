import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideZone } from '../domain/zone.decider';
import { zoneStream } from '../domain/zone.state';
import { namedZone } from '../queries/find-content';
import { isZoneInUse, loadZone } from '../queries/find-zones';
import { forgetZoneKeys } from './hide-zone-keys';

/** Its records go with it, as in LXD. */
export const deleteZone: CommandHandler<'zone.delete'> = (deps, meta, body) =>
  execute(deps, meta, 'zone.delete', body, async (uow) => {
    const zone = await loadZone(deps, uow, meta, body.name);
    const events = decideZone({ type: 'delete', inUse: await isZoneInUse(deps.pool, namedZone(zone).key) }, zone);
    uow.append(
      zoneStream(zone.id),
      events.map((event) => ({ ...event, project: zone.project })),
    );
    forgetZoneKeys(uow, zone.id, {});
    return {};
  });
