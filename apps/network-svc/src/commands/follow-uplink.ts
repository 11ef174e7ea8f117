import type { NetworkEvent } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { decideNetwork } from '../domain/network.decider';
import { networkFold, networkStream, type ActiveNetwork } from '../domain/network.state';
import type { Deps } from '../network.deps';
import { networksOn, readNetworkFacts } from '../queries/find-networks';
import { appendIn, loadState } from './network-place';

const FAMILIES = [4, 6] as const;
const KEYS = FAMILIES.flatMap((family) => [`ipv${family}.gateway`, `ipv${family}.ovn.ranges`]);

/**
 * Routers get an external address when their uplink begins to have that family, and lose it when it ends.
 * @throws WeftError `network.overlap`, `network.exhausted`
 */
export async function followUplink(deps: Deps, uow: UnitOfWork, before: ActiveNetwork, config: Readonly<Record<string, string>>): Promise<void> {
  const same = KEYS.every((key) => before.config[key] === config[key]);
  // Half of a family yet: the other key may come with the next change.
  const halfway = FAMILIES.some((family) => config[`ipv${family}.gateway`] && !config[`ipv${family}.ovn.ranges`]);
  if (same || halfway) return;
  const given: string[] = [];
  for (const { networkId } of await networksOn(deps.pool, before.networkId)) {
    const state = await loadState(uow, networkFold, networkStream(networkId));
    if (state.status !== 'active') continue;
    const facts = await readNetworkFacts(deps.pool, networkId, state.config, { id: before.networkId, name: before.name, config }, undefined, given.length + 1);
    const takenExternal = [...facts.takenExternal, ...given];
    const events = decideNetwork({ type: 'update', mode: 'merge', facts: { ...facts, takenExternal }, inUse: false }, state);
    const changed = events.filter((event) => configOf(event) !== JSON.stringify(state.config));
    appendIn(uow, state.project, networkStream(networkId), changed);
    given.push(...events.flatMap(externalOf));
  }
}

const configOf = (event: NetworkEvent): string | undefined => (event.type === 'NetworkUpdated' ? JSON.stringify(event.data.config) : undefined);
const externalOf = (event: NetworkEvent): string[] =>
  event.type === 'NetworkUpdated' ? FAMILIES.flatMap((family) => event.data.config[`volatile.network.ipv${family}.address`] ?? []) : [];
