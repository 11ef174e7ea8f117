import { checkEtag, WeftError, type ZoneEvent } from '@weft/contracts';
import { checkZoneConfig } from './zone.config-keys';
import { parseZoneName } from './zone-name';
import { zoneEtag, type ActiveZone, type ZoneState } from './zone.state';

interface Content {
  description?: string;
  config?: Readonly<Record<string, string>>;
}

export type ZoneCommand =
  | ({ type: 'create'; id: string; project: string; name: string } & Required<Content>)
  | ({ type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string } & Content)
  /** `inUse`: some network publishes its names there. */
  | { type: 'delete'; inUse: boolean };

/** What becomes of the zone itself; its content follows in `content-change.ts`. The unique index keeps names apart. */
export function decideZone(command: ZoneCommand, state: ZoneState): ZoneEvent[] {
  if (command.type === 'create') {
    const { id, project, name, description, config } = command;
    parseZoneName(name);
    return [{ type: 'ZoneCreated', data: { id, project, name, description, config: checkZoneConfig(name, config) } }];
  }
  const zone = requireZone(state);
  const { id, project, name } = zone;
  switch (command.type) {
    case 'update':
      return update(command, zone);
    case 'delete':
      if (command.inUse) throw new WeftError('network-zone.in-use', 'Cannot delete a zone that is in use');
      return [{ type: 'ZoneDeleted', data: { id, project, name } }];
    default:
      return command satisfies never;
  }
}

/** @throws WeftError `network-zone.not-found` */
export function requireZone(state: ZoneState): ActiveZone {
  if (state.status !== 'active') throw new WeftError('network-zone.not-found', 'Network zone not found');
  return state;
}

function update(command: Extract<ZoneCommand, { type: 'update' }>, zone: ActiveZone): ZoneEvent[] {
  checkEtag(command.ifMatch, zoneEtag(zone));
  const { id, project, name } = zone;
  const merge = command.mode === 'merge';
  const description = command.description ?? (merge ? zone.description : '');
  const config = checkZoneConfig(name, merge ? { ...zone.config, ...command.config } : (command.config ?? {}));
  const after = { id, project, name, description, config };
  return zoneEtag(after) === zoneEtag(zone) ? [] : [{ type: 'ZoneUpdated', data: after }];
}
