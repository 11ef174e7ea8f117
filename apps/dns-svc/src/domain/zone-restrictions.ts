import { isTrue, WeftError } from '@weft/contracts';
import { isInZone, zoneKeyOf } from './zone-name';
import { listOf } from './network-names';

export interface ProjectFacts {
  name: string;
  config: Readonly<Record<string, string>>;
}

/** Which project's zones a project works with. LXD 5.0 goes by `features.networks`; later versions have a key for zones alone. */
export const zonesProject = ({ name, config }: ProjectFacts): string =>
  isTrue(config['features.networks.zones'] ?? config['features.networks']) ? name : 'default';

/**
 * A restricted project may use the zones of `restricted.networks.zones` and those below them, and no others.
 * @throws WeftError `project.restricted`
 */
export function checkZoneAllowed(project: ProjectFacts, zone: string): void {
  if (!isTrue(project.config.restricted)) return;
  const allowed = listOf(project.config['restricted.networks.zones']);
  const key = zoneKeyOf(zone) ?? zone;
  const matches = allowed.some((entry) => {
    const parent = zoneKeyOf(entry);
    return parent !== undefined && isInZone(key, parent);
  });
  if (!matches)
    throw new WeftError(
      'project.restricted',
      `Project "${project.name}" is restricted: zone "${zone}" is not among its restricted.networks.zones (${allowed.join(', ') || 'none'})`,
    );
}
