/** Ports of instances: check, define, activate. One unit of work whatever the number of NICs. */
import { WeftError, type BoundNic, type GuestResolver, type InstanceType, type Meta } from '@weft/contracts';
import { resolverPort } from '@weft/ovn';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import type { Changed } from '../clients/data-plane.client';
import { splitSubjects } from '../domain/acl.rules';
import { formatAddress, parseAddress, parseSubnet } from '../domain/ip-address';
import type { NicNetwork } from '../domain/nic.config';
import { hasGuestResolver } from '../domain/guest-resolver';
import { boundNicOf, decidePorts, dhcpRanges, keepsAddresses, reserved, type PortsCommand } from '../domain/port.decider';
import { portFold, portStream, type LivePort } from '../domain/port.state';
import type { Deps } from '../network.deps';
import type { UnitOfWork } from '@weft/event-store';
import { announcedOn, uplinkById, type NetworkRow } from '../queries/find-networks';
import { findFree, ON_NETWORK } from '../queries/free-addresses';
import { findNicFacts, type NicFacts } from '../queries/find-nic-facts';
import { portsOfInstance, takenOnNetwork } from '../queries/find-ports';
import { followProject, restriction, type ProjectFacts } from '../queries/find-project';
import { appendIn, loadState } from './network-place';
import { allocating } from './allocating';

type Nics = PortsCommand['nics'];
interface InstanceRef {
  instanceId: string;
  instanceName: string;
  type: InstanceType;
}

export const checkPorts: CommandHandler<'port.check'> = async (deps, meta, { instanceId, instanceName, type, nics }) => {
  if (Object.keys(nics).length === 0) return { result: {} };
  await deps.dataPlane.require();
  // A NIC that gets its MAC at creation has none yet: any will do to look for what is wrong.
  const withMac = Object.fromEntries(Object.entries(nics).map(([device, nic]) => [device, { hwaddr: '00:16:3e:00:00:00', ...nic }]));
  const instance = { instanceId: instanceId ?? 'new', instanceName, type };
  const facts = await factsOf(deps, meta, instance, withMac);
  decidePorts({ ...(await gather(deps, facts, instance, withMac, facts.ports)), member: undefined });
  return { result: {} };
};

export const definePorts: CommandHandler<'port.define'> = async (deps, meta, body) => {
  if (Object.keys(body.nics).length > 0) await deps.dataPlane.require();
  const done = await settlePorts(deps, meta, 'port.define', body, undefined);
  if (done.changed.ports?.length) await deps.dataPlane.settle(done.changed);
  return { result: { ports: done.ports }, cursor: done.cursor };
};

export const activatePorts: CommandHandler<'port.activate'> = async (deps, meta, body) => {
  if (Object.keys(body.nics).length === 0) return definePorts(deps, meta, body);
  await deps.dataPlane.require();
  const { changed, joins, ...done } = await settlePorts(deps, meta, 'port.activate', body, body.member);
  // The host plugs in what is new meanwhile, and waits for its flows itself. Routes are for other hosts too.
  if (joins && !changed.networks?.length) deps.dataPlane.begin(changed);
  else await deps.dataPlane.settle(changed);
  return { result: { ports: done.ports }, cursor: done.cursor };
};

interface Settled {
  ports: Record<string, BoundNic>;
  changed: Changed;
  /** Nothing that was in OVN already has changed. */
  joins: boolean;
}

async function settlePorts(deps: Deps, meta: Meta, name: string, body: InstanceRef & { nics: Nics }, member: string | undefined) {
  // Of projects that share networks another attempt may be needed.
  const keys = Object.values(body.nics).map((nic) => `port ${meta.project}/${nic['network'] ?? ''}`);
  const { result, cursor } = await allocating(keys, () =>
    execute(deps, meta, name, body, async (uow): Promise<Settled> => {
      const facts = await factsOf(deps, meta, body, body.nics);
      const present = await livePorts(uow, facts.ports);
      const command = await gather(deps, facts, body, body.nics, present);
      const { changes, ports } = decidePorts({ ...command, member });
      for (const { portId, events } of changes) appendIn(uow, meta.project, portStream(portId), events);
      const active = present.filter(({ status }) => status === 'active');
      return {
        joins: changes.every(({ portId }) => !active.some((port) => port.portId === portId)),
        ports: bound([...command.networks.values()], ports),
        changed: await changedBy(deps, [...active, ...ports.filter(({ status }) => status === 'active')], [...command.networks.values()]),
      };
    }),
  );
  return { ...(result as Settled), cursor };
}

/** Rows say which ports there are, the log says what they are: a decision rests on what it will be compared with. */
export const loadPorts = async ({ pool }: Deps, uow: UnitOfWork, instanceId: string): Promise<LivePort[]> =>
  livePorts(uow, await portsOfInstance(pool, instanceId));

async function livePorts(uow: UnitOfWork, rows: readonly LivePort[]): Promise<LivePort[]> {
  const states: LivePort[] = [];
  for (const { portId } of rows) {
    const state = await loadState(uow, portFold, portStream(portId));
    if (state.status !== 'none') states.push(state);
  }
  return states;
}

/**
 * What changes in OVN with these ports: their own rows, the ACLs that they use (which exist in OVN while somebody uses them),
 * and where they have routes, their network's and its pairings'.
 * @param known networks that need not be looked up
 */
export async function changedBy({ pool }: Deps, ports: readonly LivePort[], known: readonly NicNetwork[] = []): Promise<Changed> {
  const routed = ports.filter(({ nic }) => Object.keys(nic).some((option) => /^ipv[46]\.routes/.test(option)));
  const withoutAcls = (port: LivePort): boolean =>
    !port.nic['security.acls'] && known.some(({ networkId, config }) => networkId === port.networkId && !config['security.acls']);
  const acls = ports.every(withoutAcls) ? [] : await aclsOfPorts(pool, ports);
  return { ports: ports.map(({ portId }) => portId), acls, networks: [...new Set(routed.map(({ networkId }) => networkId))] };
}

async function aclsOfPorts(pool: Deps['pool'], ports: readonly LivePort[]): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'acls_of_ports',
    text: `SELECT a.acl_id AS id FROM acl a JOIN network n ON n.project = a.project
            WHERE n.network_id = ANY ($1) AND (a.name = ANY ($2) OR a.name = ANY (string_to_array(replace(coalesce(n.config ->> 'security.acls', ''), ' ', ''), ',')))`,
    values: [ports.map(({ networkId }) => networkId), ports.flatMap(({ nic }) => splitSubjects(nic['security.acls'] ?? ''))],
  });
  return rows.map(({ id }) => id);
}

function bound(networks: readonly NicNetwork[], ports: readonly LivePort[]): Record<string, BoundNic> {
  return Object.fromEntries(
    ports.map((port) => {
      const network = networks.find(({ networkId }) => networkId === port.networkId);
      return [port.device, boundNicOf(port, network?.config ?? {}, network && resolverOf(network))];
    }),
  );
}

/** What a host needs to answer DNS for its guests of a network. */
function resolverOf({ networkId, number, config }: NicNetwork): GuestResolver | undefined {
  if (!hasGuestResolver(config)) return undefined;
  const { name, address, hwaddr } = resolverPort(number);
  return { networkId, ifaceId: name, address, hwaddr };
}

/** `restricted.networks.access`: networks that NICs may use. @throws WeftError `project.restricted` */
function checkAccess(project: ProjectFacts, nics: Nics): void {
  const allowed = restriction(project, 'access');
  for (const { network } of Object.values(nics)) {
    if (allowed && network && !allowed.includes(network))
      throw new WeftError('project.restricted', `Network "${network}" is not allowed in project "${project.name}"`);
  }
}

/** @throws WeftError `project.not-found`, `project.restricted` */
async function factsOf(deps: Deps, meta: Meta, { instanceId }: InstanceRef, nics: Nics): Promise<NicFacts> {
  await followProject(deps, meta.project);
  const all = Object.values(nics);
  const facts = await findNicFacts(deps.pool, meta.project, instanceId, {
    networks: all.flatMap((nic) => nic['network'] || []),
    acls: all.flatMap((nic) => splitSubjects(nic['security.acls'] ?? '')),
  });
  checkAccess(facts.project, nics);
  return facts;
}

async function gather(deps: Deps, facts: NicFacts, instance: InstanceRef, nics: Nics, present: readonly LivePort[]): Promise<PortsCommand> {
  const networks = new Map<string, NicNetwork>();
  for (const row of facts.networks) {
    const used = Object.entries(nics).filter(([, nic]) => nic['network'] === row.name);
    networks.set(row.name, await nicNetwork(deps, facts, row, instance.instanceId, { used: Object.fromEntries(used), present }));
  }
  const { instanceId, instanceName, type } = instance;
  return { instance: { instanceId, instanceName, type, project: facts.project.name }, nics, present, networks, member: undefined };
}

/** `used`: NICs on the network. What they do not ask for is not looked up. */
async function nicNetwork(
  { pool }: Deps,
  { project, acls }: NicFacts,
  row: NetworkRow,
  instanceId: string,
  { used, present }: { used: Nics; present: readonly LivePort[] },
): Promise<NicNetwork> {
  const nics = Object.values(used);
  const routes = nics.flatMap((nic) => [...splitSubjects(nic['ipv4.routes.external'] ?? ''), ...splitSubjects(nic['ipv6.routes.external'] ?? '')]);
  const uplink = routes.length > 0 ? await uplinkById(pool, row.uplinkId) : undefined;
  const stays = Object.entries(used).every(([device, nic]) =>
    keepsAddresses(
      nic,
      row,
      present.find((port) => port.device === device),
    ),
  );
  return {
    ...row,
    uplink,
    ...(stays ? { taken: [] } : await addressesOn(pool, row, instanceId, nics, present)),
    announced: uplink
      ? await announcedByOthers(
          pool,
          uplink.id,
          instanceId,
          routes.filter((route) => parseSubnet(route) !== undefined),
        )
      : [],
    acls,
    allowedSubnets: restriction(project, 'subnets'),
  };
}

/** Whether others have what the NICs want or have, and as many free addresses as there are NICs. */
async function addressesOn(
  pool: Deps['pool'],
  { networkId, config }: NetworkRow,
  instanceId: string,
  nics: readonly Nics[string][],
  present: readonly LivePort[],
) {
  const wanted = nics.flatMap((nic) => [nic['ipv4.address'] ?? '', nic['ipv6.address'] ?? '']);
  const had = present.filter((port) => port.networkId === networkId).flatMap(({ addresses }) => addresses.ipv4);
  const except = reserved(config).map(formatAddress);
  const [taken, free] = await Promise.all([
    takenOnNetwork(pool, networkId, instanceId, [...wanted.flatMap((text) => parseAddress(text) ?? []).map(formatAddress), ...had]),
    findFree(pool, ON_NETWORK, networkId, dhcpRanges(config), { except, count: nics.length }),
  ]);
  return { taken, free };
}

/** What is announced on the uplink and overlaps with these routes, besides the routes of the instance's own NICs. */
async function announcedByOthers(pool: Deps['pool'], uplinkId: string, instanceId: string, routes: readonly string[]): Promise<string[]> {
  if (routes.length === 0) return [];
  const own = await pool.query<{ route: string }>('SELECT unnest(external_routes) AS route FROM port WHERE instance_id = $1', [instanceId]);
  const mine = new Set(own.rows.map(({ route }) => route));
  return (await announcedOn(pool, uplinkId, '', routes)).map(({ subnet }) => subnet).filter((subnet) => !mine.has(subnet));
}
