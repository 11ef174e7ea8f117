import { newId, WeftError, type Meta, type NetworkCommandBody, type WireError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideNetwork, parseNetworkType } from '../domain/network.decider';
import { NO_FACTS } from '../domain/network.facts';
import { networkFold, networkStream, type PendingNetwork } from '../domain/network.state';
import type { Deps } from '../network.deps';
import { findNetwork, nextNumber, readNetworkFacts } from '../queries/find-networks';
import { membersOf, offerUplink } from '../reconcilers/host-uplinks';
import { restriction, type ProjectFacts } from '../queries/find-project';
import { appendIn, chooseUplink, loadPending, loadState, ownProject } from './network-place';
import { allocating } from './allocating';
import { checkZones } from './zone-use';

export const createNetwork: CommandHandler<'network.create'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const project = await ownProject(deps, meta);
  if (body.target !== undefined) return defineOnMember(deps, meta, project, { ...body, target: body.target });
  await checkZones(deps, meta, body.config);
  const done = await allocating(['network'], () =>
    execute(deps, meta, 'network.create', body, async (uow) => {
      if (await findNetwork(deps.pool, project.owner, body.name)) throw new WeftError('network.exists', 'The network already exists');
      await checkLimit(deps, project);
      const pending = await loadPending(deps, uow, project, body.name);
      const networkId = pending?.networkId ?? newId();
      const facts = body.type === 'ovn' ? await ovnFacts(deps, project, networkId, body.config) : NO_FACTS;
      const { name, type: networkType, description, config } = body;
      const number = await nextNumber(deps.pool, 'network');
      const members = pending ? await membersOf(deps.pool) : [];
      const events = decideNetwork(
        { type: 'create', networkId, project: project.owner, name, networkType, number, description, config, facts, members },
        pending ?? networkFold.initial,
      );
      await checkAclsExist(deps, project.owner, name, config['security.acls']);
      const refused = networkType === 'physical' ? await offered(deps, name, config, pending) : undefined;
      const failed = refused && pending && decideNetwork({ type: 'fail', reason: refused.message, description, config }, pending);
      appendIn(uow, project.owner, networkStream(networkId), failed ?? events);
      return { networkId, refused: refused?.toWire() };
    }),
  );
  const { networkId, refused } = done.result as { networkId: string; refused?: WireError };
  if (refused) throw WeftError.fromWire(refused);
  await deps.dataPlane.settle({ networks: [networkId] });
  return { ...done, result: {} };
};

/** Tells the members. What a member says against one that is pending is kept with it; without, nothing is left. */
async function offered(
  deps: Deps,
  name: string,
  config: Readonly<Record<string, string>>,
  pending: PendingNetwork | undefined,
): Promise<WeftError | undefined> {
  try {
    await offerUplink(deps, deps.log, { name, config, memberConfig: pending?.memberConfig ?? {} });
    return undefined;
  } catch (error) {
    if (!pending || !(error instanceof WeftError)) throw error;
    return error;
  }
}

/** One member's part of a network to come. @throws WeftError `member.not-found`, `network.invalid`, `network.unsupported` */
function defineOnMember(deps: Deps, meta: Meta, project: ProjectFacts, body: NetworkCommandBody<'network.create'> & { target: string }) {
  return allocating(['network'], () =>
    execute(deps, meta, 'network.create', body, async (uow) => {
      const { name, target: member, config } = body;
      if (!(await membersOf(deps.pool)).includes(member)) throw new WeftError('member.not-found', `Cluster member "${member}" not found`);
      const row = await findNetwork(deps.pool, project.owner, name);
      const state = row ? await loadState(uow, networkFold, networkStream(row.networkId)) : await loadPending(deps, uow, project, name);
      if (!state) await checkLimit(deps, project);
      const networkType = parseNetworkType(body.type, project.owner);
      const networkId = state && 'networkId' in state ? state.networkId : newId();
      const events = decideNetwork({ type: 'define', networkId, project: project.owner, name, networkType, member, config }, state ?? networkFold.initial);
      appendIn(uow, project.owner, networkStream(networkId), events);
      return {};
    }),
  );
}

async function ovnFacts(deps: Deps, project: ProjectFacts, networkId: string, config: Readonly<Record<string, string>>) {
  const uplink = await chooseUplink(deps.pool, project, config['network'] || undefined);
  return readNetworkFacts(deps.pool, networkId, config, uplink, restriction(project, 'subnets'));
}

/** `limits.networks` of the project. @throws WeftError `project.limit-reached` */
async function checkLimit({ pool }: Deps, { config, owner }: ProjectFacts): Promise<void> {
  const limit = config['limits.networks'];
  if (!limit) return;
  const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM network WHERE project = $1', [owner]);
  if (rows[0]!.count >= Number(limit)) throw new WeftError('project.limit-reached', `Reached maximum number of networks in project "${owner}": ${limit}`);
}

/** ACLs that the network's configuration names. @throws WeftError `network.invalid` */
export async function checkAclsExist({ pool }: Deps, project: string, network: string, acls: string | undefined): Promise<void> {
  const names = (acls ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  if (names.length === 0) return;
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM acl WHERE project = $1 AND name = ANY ($2)', [project, names]);
  const missing = names.find((name) => !rows.some((row) => row.name === name));
  if (missing) throw new WeftError('network.invalid', `Invalid value for network "${network}" option "security.acls": Network ACL "${missing}" does not exist`);
}
