import { WeftError } from '@weft/contracts';
import type { CommandHandler } from '../api/command-handler';
import { KIND_WORDS } from '../domain/zone-name';
import { checkZoneAllowed } from '../domain/zone-restrictions';
import { findZone } from '../queries/find-zones';

/** Asked by the network service before a network publishes its names. The sentences become part of LXD's. */
export const checkZones: CommandHandler<'zone.check'> = async (deps, meta, { zones }) => {
  const project = zones.length > 0 ? await deps.projects.find(meta.project) : undefined;
  for (const { name, kind } of zones) {
    const found = await findZone(deps.pool, name);
    if (!found) throw new WeftError('network-zone.not-found', `Network zone "${name}" doesn't exist`);
    if (found.kind !== kind) throw new WeftError('network-zone.wrong-kind', `Network zone "${name}" is ${KIND_WORDS[found.kind]}, not ${KIND_WORDS[kind]}`);
    if (project) checkZoneAllowed(project, name);
  }
  return { result: {} };
};
