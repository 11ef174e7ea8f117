import type { DesiredNetwork } from '../model';
import { FAMILIES } from './addresses';
import type { DesiredRow, MakeRow } from './desired-row';
import { linkTo } from './keys';
import { networkNames } from './names';

const ALLOW = 600;
const DROP = 500;

/** Only addresses of the network, and what is routed to its ports, may be sources of what comes from it; and of nothing that comes from the uplink. */
export function sourcePolicyRows(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  const names = networkNames(network.number);
  const from = `inport == "${names.innerRouterPort}"`;
  const links = [linkTo.policy(network.id)];
  const allowed = FAMILIES.map((family) => {
    const match = `(${from} && ip${family} && ip${family}.src == $${names.routes(family)})`;
    return make('Logical_Router_Policy', 'allow-source', { priority: ALLOW, match, action: 'allow' as const }, { id: String(family), links });
  });
  return [
    ...allowed,
    make('Logical_Router_Policy', 'drop-source', { priority: DROP, match: `(${from})`, action: 'drop' as const }, { links }),
    ...notFromUplink(make, network, network, 'drop-own-source', ''),
  ];
}

/** Nobody on the uplink may use addresses of a peer: they come over the pairing alone. */
export const peerPolicyRows = (make: MakeRow, network: DesiredNetwork, peer: DesiredNetwork): DesiredRow[] =>
  notFromUplink(make, network, peer, 'drop-peer-source', `${network.id} `);

/** What comes from the uplink with a source of `inner`, which is behind the router, is a forgery. */
function notFromUplink(make: MakeRow, network: DesiredNetwork, inner: DesiredNetwork, kind: string, idPrefix: string): DesiredRow[] {
  if (!network.uplink) return [];
  const from = `inport == "${networkNames(network.number).outerRouterPort}"`;
  return FAMILIES.map((family) => {
    const match = `(${from} && ip${family} && ip${family}.src == $${networkNames(inner.number).routes(family)})`;
    const columns = { priority: DROP, match, action: 'drop' as const };
    return make('Logical_Router_Policy', kind, columns, { id: `${idPrefix}${family}`, links: [linkTo.policy(network.id)] });
  });
}
