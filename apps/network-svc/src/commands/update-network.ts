import { WeftError, type NetworkEvent } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { splitSubjects } from '../domain/acl.rules';
import { decideNetwork } from '../domain/network.decider';
import { NO_FACTS, type NetworkFacts } from '../domain/network.facts';
import { MAX_PROXIED_ADDRESSES } from '../domain/nic.config';
import { networkFold, networkStream, type ActiveNetwork } from '../domain/network.state';
import { checkUplinkUsers } from '../domain/uplink-users';
import type { Deps } from '../network.deps';
import { aclIds } from '../queries/find-acls';
import { isNetworkInUse, networksOn, readNetworkFacts } from '../queries/find-networks';
import { hasSameParents, membersOf, offerUplink } from '../reconcilers/host-uplinks';
import { restriction, type ProjectFacts } from '../queries/find-project';
import { checkAclsExist } from './create-network';
import { followUplink } from './follow-uplink';
import { appendIn, chooseUplink, loadNetwork, ownProject } from './network-place';
import { moveAddresses } from './move-addresses';
import { allocating } from './allocating';
import { checkZones } from './zone-use';

type Updated = Extract<NetworkEvent, { type: 'NetworkUpdated' }>;

export const updateNetwork: CommandHandler<'network.update'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const project = await ownProject(deps, meta);
  const done = await allocating(['network'], () =>
    execute(deps, meta, 'network.update', body, async (uow) => {
      if (body.target !== undefined && !(await membersOf(deps.pool)).includes(body.target))
        throw new WeftError('member.not-found', `Cluster member "${body.target}" not found`);
      const state = await loadNetwork(deps, uow, project, body.name);
      const wanted = body.mode === 'merge' ? { ...state.config, ...body.config } : (body.config ?? {});
      await checkZones(deps, meta, wanted, state.config);
      await checkAclsExist(deps, state.project, state.name, wanted['security.acls']);
      const facts = await factsOf(deps, project, state, wanted);
      const { name: _name, ...change } = body;
      const events = decideNetwork({ type: 'update', ...change, facts, inUse: await isBusy(deps, state) }, state) as Updated[];
      appendIn(uow, state.project, networkStream(state.networkId), events);
      for (const event of events) await carryAlong(deps, uow, state, event, facts);
      return { networkId: state.networkId, acls: [state.config['security.acls'] ?? '', wanted['security.acls'] ?? ''] };
    }),
  );
  const { networkId, acls } = done.result as { networkId: string; acls: string[] };
  await deps.dataPlane.settle({ networks: await affected(deps, networkId), acls: await aclIds(deps.pool, project.owner, acls.flatMap(splitSubjects)) });
  return { ...done, result: {} };
};

async function factsOf(deps: Deps, project: ProjectFacts, state: ActiveNetwork, wanted: Readonly<Record<string, string>>): Promise<NetworkFacts> {
  if (state.type !== 'ovn') return NO_FACTS;
  const uplink = await chooseUplink(deps.pool, project, wanted['network'] || undefined);
  return readNetworkFacts(deps.pool, state.networkId, wanted, uplink, restriction(project, 'subnets'));
}

/** Forwards count here: their addresses are routed to the uplink. */
async function isBusy({ pool }: Deps, { networkId }: ActiveNetwork): Promise<boolean> {
  const { rowCount } = await pool.query('SELECT FROM forward WHERE network_id = $1 LIMIT 1', [networkId]);
  return (rowCount ?? 0) > 0 || isNetworkInUse(pool, networkId);
}

/** Those who depend on the network's addresses follow, or refuse. */
async function carryAlong(deps: Deps, uow: UnitOfWork, before: ActiveNetwork, event: Updated, { uplink }: NetworkFacts): Promise<void> {
  if (before.type === 'physical') {
    if (event.data.config['ovn.ingress_mode'] !== 'routed') await checkProxied(deps, before.networkId);
    checkUplinkUsers(event.data.config, await networksOn(deps.pool, before.networkId));
    const after = { name: before.name, config: event.data.config, memberConfig: event.data.memberConfig ?? {} };
    if (!hasSameParents(before, after)) await offerUplink(deps, deps.log, after);
    return followUplink(deps, uow, before, event.data.config);
  }
  const after = networkFold.evolve(before, event) as ActiveNetwork;
  await moveAddresses(deps, uow, before, after, uplink);
}

/** Nobody answers on such an uplink for large subnets behind NICs. @throws WeftError `network.in-use` */
async function checkProxied({ pool }: Deps, uplinkId: string): Promise<void> {
  const { rows } = await pool.query<{ instance: string; route: string }>(
    `SELECT p.instance_name AS instance, route FROM port p JOIN network n USING (network_id) CROSS JOIN unnest(p.external_routes) AS route
      WHERE n.uplink_id = $1 AND 2 ^ (CASE family(route::inet) WHEN 4 THEN 32 ELSE 128 END - masklen(route::inet)) > $2 LIMIT 1`,
    [uplinkId, MAX_PROXIED_ADDRESSES],
  );
  if (!rows[0]) return;
  const { instance, route } = rows[0];
  throw new WeftError(
    'network.in-use',
    `Cannot change "ovn.ingress_mode": a NIC of instance "${instance}" has the external subnet "${route}", which is too large to be answered for`,
  );
}

/** The network, with its pairings, and those whose routers stand on it. */
async function affected({ pool }: Deps, networkId: string): Promise<string[]> {
  return [networkId, ...(await networksOn(pool, networkId)).map((one) => one.networkId)];
}
