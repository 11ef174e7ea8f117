import { derivedId } from '@weft/contracts';
import { executeOnce } from '@weft/service';
import { decideNetwork } from '../domain/network.decider';
import { NO_FACTS } from '../domain/network.facts';
import { DEFAULT_PROJECT, networkFold, networkStream } from '../domain/network.state';
import type { Deps } from '../network.deps';
import { readNetworkFacts } from '../queries/find-networks';
import { appendIn } from './network-place';
import { serviceMeta } from './service-meta';

const COMMAND = derivedId('network-bootstrap', '1');
const UPLINK = { id: derivedId('network', 'UPLINK'), name: 'UPLINK' };
const FIRST = { id: derivedId('network', 'default'), name: 'default' };

/**
 * What an installation with an uplink begins with, when it has no network yet: UPLINK, and the OVN network `default` on
 * it. Safe at every start and in several replicas at once: it is one command with a fixed id, and what users have made of
 * it since stays as it is.
 */
export async function bootstrap(deps: Deps, uplinkConfig: Readonly<Record<string, string>> | undefined): Promise<void> {
  if (!uplinkConfig) return;
  await executeOnce(deps, serviceMeta(DEFAULT_PROJECT, COMMAND), 'network-bootstrap', {}, async (uow) => {
    const { rowCount } = await deps.pool.query('SELECT FROM used_number LIMIT 1');
    if ((rowCount ?? 0) > 0) return {};
    const place = { project: DEFAULT_PROJECT, description: '' };
    const config = { ...uplinkConfig };
    const uplink = { type: 'create' as const, ...place, networkId: UPLINK.id, name: UPLINK.name, networkType: 'physical', number: 1, config, facts: NO_FACTS };
    appendIn(uow, DEFAULT_PROJECT, networkStream(UPLINK.id), decideNetwork(uplink, networkFold.initial));
    const own = { network: UPLINK.name };
    const facts = await readNetworkFacts(deps.pool, FIRST.id, own, { ...UPLINK, config }, undefined);
    const first = { type: 'create' as const, ...place, networkId: FIRST.id, name: FIRST.name, networkType: 'ovn', number: 2, config: own, facts };
    appendIn(uow, DEFAULT_PROJECT, networkStream(FIRST.id), decideNetwork(first, networkFold.initial));
    return {};
  });
}
