import type { Difference } from '@weft/ovn';
import type { DesiredRows } from '../queries/desired-rows';

export interface Place {
  networkId: string;
  project: string;
  name: string;
}

/**
 * Groups differences by the network that they are about: an ACL counts for the first network that uses it. What belongs to
 * something that is gone is reported on the stream of its own id, with the names that are left: none.
 */
export function networksOf(differences: readonly Difference[], rows: DesiredRows): { place: Place; rows: Difference[] }[] {
  const groups = new Map<string, { place: Place; rows: Difference[] }>();
  for (const difference of differences) {
    const id = networkIdOf(difference.owner, rows);
    const network = rows.networks.find(({ networkId }) => networkId === id);
    const group = groups.get(id) ?? { place: { networkId: id, project: network?.project ?? '', name: network?.name ?? '' }, rows: [] };
    group.rows.push(difference);
    groups.set(id, group);
  }
  return [...groups.values()];
}

function networkIdOf(owner: string, rows: DesiredRows): string {
  const id = owner.slice(owner.indexOf(':') + 1);
  switch (owner.slice(0, owner.indexOf(':'))) {
    case 'port':
      return rows.ports.find(({ portId }) => portId === id)?.networkId ?? id;
    case 'forward':
      return rows.forwards.find(({ forwardId }) => forwardId === id)?.networkId ?? id;
    case 'pairing':
      return rows.pairings.find(({ pairingId }) => pairingId === id)?.networkIds[0] ?? id;
    case 'acl':
      return rows.acls.find(({ aclId }) => aclId === id)?.networkIds[0] ?? id;
    default:
      return id;
  }
}
