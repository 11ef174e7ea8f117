import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideZone } from '../domain/zone.decider';
import { zoneStream } from '../domain/zone.state';
import { namedZone } from '../queries/find-content';
import { loadZone } from '../queries/find-zones';
import { appendContent } from './append-content';
import { forgetZoneKeys, hideZoneKeys } from './hide-zone-keys';

export const updateZone: CommandHandler<'zone.update'> = (deps, meta, body) =>
  execute(deps, meta, 'zone.update', body, async (uow) => {
    const zone = await loadZone(deps, uow, meta, body.name);
    const { name: _name, ...change } = body;
    const config = change.config && (await hideZoneKeys(deps, uow, zone, change.config));
    const events = decideZone({ type: 'update', ...change, config }, zone);
    uow.append(
      zoneStream(zone.id),
      events.map((event) => ({ ...event, project: zone.project })),
    );
    for (const { data } of events) {
      if (!('config' in data)) continue;
      forgetZoneKeys(uow, zone.id, data.config);
      // Only this key changes what instances and networks publish; the others concern the apex, or no record at all.
      const everything = data.config['network.nat'] !== zone.config['network.nat'];
      await appendContent(deps, uow, { ...zone, config: data.config }, everything ? undefined : [namedZone(zone).key]);
    }
    return {};
  });
