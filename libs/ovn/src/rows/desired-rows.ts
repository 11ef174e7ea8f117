import { type DesiredNetwork, type DesiredState, type Owner, ownerOf, type Scope } from '../model';
import { aclRows } from './acl.rows';
import type { DesiredRow } from './desired-row';
import { forwardRows } from './forward.rows';
import { networkRows } from './network.rows';
import { peerRows } from './peer.rows';
import { portRows } from './port.rows';

/** A thing of the scope needs another one that the state does not have. A defect of whoever made the state. */
export class OvnIncompleteState extends Error {
  constructor(
    readonly owner: Owner,
    readonly missing: Owner,
  ) {
    super(`${owner} needs ${missing}, which the desired state lacks`);
    this.name = 'OvnIncompleteState';
  }
}

/** The rows of what is in the scope. @throws OvnIncompleteState */
export function desiredRows(state: DesiredState, scope: Scope): DesiredRow[] {
  const owners = scope === 'everything' ? undefined : new Set(scope);
  const within = <T extends { readonly id: string }>(noun: keyof typeof ownerOf, things: readonly T[]) =>
    things.map((thing) => ({ thing, owner: ownerOf[noun](thing.id) })).filter(({ owner }) => owners?.has(owner) ?? true);
  const networks = new Map(state.networks.map((network) => [network.id, network]));
  const networkOf = (owner: Owner, id: string): DesiredNetwork => {
    const network = networks.get(id);
    if (!network) throw new OvnIncompleteState(owner, ownerOf.network(id));
    return network;
  };
  return [
    ...within('network', state.networks).flatMap(({ thing }) => networkRows(thing)),
    ...within('port', state.ports).flatMap(({ thing, owner }) => portRows(networkOf(owner, thing.networkId), thing)),
    ...within('acl', state.acls).flatMap(({ thing, owner }) =>
      aclRows(
        thing,
        thing.networkIds.map((id) => networkOf(owner, id)),
      ),
    ),
    ...within('forward', state.forwards).flatMap(({ thing, owner }) => forwardRows(networkOf(owner, thing.networkId), thing, peersOf(state, thing.networkId))),
    ...within('pairing', state.pairings).flatMap(({ thing, owner }) => {
      const [left, right] = thing.networkIds;
      return peerRows(thing, [networkOf(owner, left), networkOf(owner, right)]);
    }),
  ];
}

function peersOf({ pairings }: DesiredState, networkId: string): string[] {
  return pairings.filter(({ networkIds }) => networkIds.includes(networkId)).map(({ networkIds: [left, right] }) => (left === networkId ? right : left));
}
