import { newId, WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideNetwork } from '../domain/network.decider';
import { NO_FACTS } from '../domain/network.facts';
import { networkFold, networkStream } from '../domain/network.state';
import type { Deps } from '../network.deps';
import { findNetwork, nextNumber, readNetworkFacts } from '../queries/find-networks';
import { offerUplink } from '../reconcilers/host-uplinks';
import { restriction, type ProjectFacts } from '../queries/find-project';
import { appendIn, chooseUplink, ownProject } from './network-place';
import { allocating } from './allocating';
import { checkZones } from './zone-use';

export const createNetwork: CommandHandler<'network.create'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const project = await ownProject(deps, meta);
  await checkZones(deps, meta, body.config);
  const done = await allocating(['network'], () =>
    execute(deps, meta, 'network.create', body, async (uow) => {
      if (await findNetwork(deps.pool, project.owner, body.name)) throw new WeftError('network.exists', 'The network already exists');
      await checkLimit(deps, project);
      const networkId = newId();
      const facts = body.type === 'ovn' ? await ovnFacts(deps, project, networkId, body.config) : NO_FACTS;
      const { name, type: networkType, description, config } = body;
      const number = await nextNumber(deps.pool, 'network');
      const events = decideNetwork(
        { type: 'create', networkId, project: project.owner, name, networkType, number, description, config, facts },
        networkFold.initial,
      );
      await checkAclsExist(deps, project.owner, name, config['security.acls']);
      if (networkType === 'physical') await offerUplink(deps, deps.log, { name, parent: config['parent']! });
      appendIn(uow, project.owner, networkStream(networkId), events);
      return { networkId };
    }),
  );
  await deps.dataPlane.settle({ networks: [(done.result as { networkId: string }).networkId] });
  return { ...done, result: {} };
};

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
