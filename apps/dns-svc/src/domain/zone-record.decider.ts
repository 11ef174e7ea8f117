import { checkEtag, WeftError, type ZoneEntry, type ZoneRecordEvent, type ZoneResourceRecord } from '@weft/contracts';
import { ownerConflict, parseRecord, sameName, type Name } from '@weft/dns';
import { checkRecordConfig } from './zone.config-keys';
import { invalid, parseEntries, recordOwner } from './zone-record.entries';
import { recordEtag, type ActiveRecord, type RecordState } from './zone-record.state';
import { parseZoneName } from './zone-name';
import type { ActiveZone } from './zone.state';

interface Content {
  description?: string;
  entries?: readonly ZoneEntry[];
  config?: Readonly<Record<string, string>>;
}

/** What stands at the record's name already, and is not its own: name servers of the zone, instances, networks. */
export interface OwnerFacts {
  others: readonly ZoneResourceRecord[];
}

export type RecordCommand =
  | ({ type: 'create'; id: string; zone: ActiveZone; name: string } & Required<Content> & OwnerFacts)
  | ({ type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string } & Content & OwnerFacts)
  | { type: 'delete' };

/** The unique index keeps the names of a zone's records apart. */
export function decideRecord(command: RecordCommand, state: RecordState): ZoneRecordEvent[] {
  if (command.type === 'create') {
    const { id, zone, name, description, entries, config, others } = command;
    const place = { id, zoneId: zone.id, zone: zone.name, project: zone.project, name };
    return [{ type: 'ZoneRecordCreated', data: { ...place, description, ...checkContent(place, entries, config, others) } }];
  }
  if (state.status !== 'active') throw new WeftError('network-zone-record.not-found', 'Network zone record not found');
  const { id, zoneId, zone, project, name } = state;
  switch (command.type) {
    case 'update':
      return update(command, state);
    case 'delete':
      return [{ type: 'ZoneRecordDeleted', data: { id, zoneId, zone, project, name } }];
    default:
      return command satisfies never;
  }
}

function update(command: Extract<RecordCommand, { type: 'update' }>, record: ActiveRecord): ZoneRecordEvent[] {
  checkEtag(command.ifMatch, recordEtag(record));
  const { id, zoneId, zone, project, name } = record;
  const merge = command.mode === 'merge';
  const description = command.description ?? (merge ? record.description : '');
  const entries = command.entries ?? (merge ? record.entries : []);
  const config = merge ? { ...record.config, ...command.config } : (command.config ?? {});
  const after = { id, zoneId, zone, project, name, description, ...checkContent(record, entries, config, command.others) };
  return recordEtag(after) === recordEtag(record) ? [] : [{ type: 'ZoneRecordUpdated', data: after }];
}

function checkContent(
  { zone, name }: { zone: string; name: string },
  entries: readonly ZoneEntry[],
  config: Readonly<Record<string, string>>,
  others: readonly ZoneResourceRecord[],
): { entries: ZoneEntry[]; config: Record<string, string> } {
  const owner = recordOwner(zone, name);
  refuseConflict(owner, parseEntries(owner, entries), others, sameName(owner, parseZoneName(zone)));
  return { entries: entries.map(({ type, ttl, value }) => ({ type, ...(ttl ? { ttl } : {}), value })), config: checkRecordConfig(config) };
}

function refuseConflict(owner: Name, custom: readonly ZoneResourceRecord[], others: readonly ZoneResourceRecord[], isApex: boolean): void {
  if (custom.length === 0) return;
  const present = new Set(custom.map(({ type, value }) => `${type} ${value}`));
  const all = [...custom, ...others.filter(({ type, value }) => !present.has(`${type} ${value}`))];
  const conflict = ownerConflict(
    owner,
    all.map(({ type, value }) => parseRecord(type, value)),
    isApex,
  );
  if (conflict) throw invalid(`Bad zone record entry: ${conflict.message}`);
}
