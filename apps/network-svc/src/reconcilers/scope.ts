import { ownerOf, type Owner } from '@weft/ovn';
import type { Changed } from '../clients/data-plane.client';
import type { DesiredRows } from '../queries/desired-rows';

/** Whose rows a change is about: what was named, and everything on the networks that were. */
export function scopeOf(changed: Changed, rows: DesiredRows): Owner[] {
  const networks = new Set(changed.networks);
  const owners = new Set<Owner>([
    ...(changed.networks ?? []).map(ownerOf.network),
    ...(changed.ports ?? []).map(ownerOf.port),
    ...(changed.acls ?? []).map(ownerOf.acl),
    ...(changed.forwards ?? []).map(ownerOf.forward),
    ...(changed.pairings ?? []).map(ownerOf.pairing),
    ...rows.ports.filter(({ networkId }) => networks.has(networkId)).map(({ portId }) => ownerOf.port(portId)),
    ...rows.forwards.filter(({ networkId }) => networks.has(networkId)).map(({ forwardId }) => ownerOf.forward(forwardId)),
    ...rows.pairings.filter(({ networkIds }) => networkIds.some((id) => networks.has(id))).map(({ pairingId }) => ownerOf.pairing(pairingId)),
    // An ACL's rows hang on the switches of the networks that use it.
    ...rows.acls.filter(({ networkIds }) => networkIds.some((id) => networks.has(id))).map(({ aclId }) => ownerOf.acl(aclId)),
  ]);
  return [...owners];
}

/** The other way round: what to look at when rows of these owners were touched. */
export function changedOf(owners: Iterable<string>): Changed {
  const changed: Record<keyof Changed, string[]> = { networks: [], ports: [], acls: [], forwards: [], pairings: [] };
  const nouns: Readonly<Record<string, keyof Changed>> = { network: 'networks', port: 'ports', acl: 'acls', forward: 'forwards', pairing: 'pairings' };
  for (const owner of owners) {
    const at = owner.indexOf(':');
    const noun = nouns[owner.slice(0, at)];
    if (noun) changed[noun].push(owner.slice(at + 1));
  }
  return changed;
}
