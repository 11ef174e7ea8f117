import { WeftError } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { contains, parseAddress } from '../domain/ip-address';
import type { UplinkFacts } from '../domain/network.facts';
import { networkAddress } from '../domain/network.settle';
import type { ActiveNetwork } from '../domain/network.state';
import type { NicNetwork } from '../domain/nic.config';
import { decidePorts } from '../domain/port.decider';
import { portStream, type LivePort } from '../domain/port.state';
import type { Deps } from '../network.deps';
import { portsOfNetwork } from '../queries/find-ports';
import { appendIn } from './network-place';

const KEYS = ['ipv4.address', 'ipv6.address', 'ipv4.dhcp', 'ipv4.dhcp.ranges', 'ipv6.dhcp.stateful'];

/**
 * When a network's subnets change, its ports get new addresses where the old ones do not fit; running guests learn of it
 * at their next DHCP request. Static addresses and targets of forwards must fit, or the change is refused.
 * @throws WeftError `network.in-use`, `network.exhausted`
 */
export async function moveAddresses(deps: Deps, uow: UnitOfWork, before: ActiveNetwork, after: ActiveNetwork, uplink: UplinkFacts | undefined): Promise<void> {
  if (KEYS.every((key) => before.config[key] === after.config[key])) return;
  await checkForwards(deps, after);
  const ports = await portsOfNetwork(deps.pool, after.networkId);
  const names = new Map<string, NicNetwork>();
  const settled: LivePort[] = [];
  for (const port of ports) {
    checkStatic(port, after);
    const taken = [...settled, ...ports.filter((one) => one.portId !== port.portId && !settled.some(({ portId }) => portId === one.portId))];
    names.set(port.nic['network'] ?? after.name, nicNetwork(after, uplink, taken));
    const { instanceId, instanceName, project, type } = port;
    const decision = decidePorts({
      instance: { instanceId, instanceName, project, type },
      nics: { [port.device]: { ...port.nic, name: port.guestName, hwaddr: port.hwaddr } },
      present: [port],
      networks: names,
      member: undefined,
    });
    settled.push(...decision.ports);
    for (const { portId, events } of decision.changes) appendIn(uow, port.project, portStream(portId), events);
  }
}

const nicNetwork = (network: ActiveNetwork, uplink: UplinkFacts | undefined, others: readonly LivePort[]): NicNetwork => ({
  ...network,
  uplink,
  taken: others.flatMap(({ addresses }) => [...addresses.ipv4, ...addresses.ipv6]),
  announced: [],
  acls: others.concat().flatMap(({ nic }) => (nic['security.acls'] ?? '').split(',').map((one) => one.trim())),
  allowedSubnets: undefined,
});

function checkStatic({ nic, device, instanceName }: LivePort, { config }: ActiveNetwork): void {
  for (const family of [4, 6] as const) {
    const fixed = parseAddress(nic[`ipv${family}.address`] ?? '');
    const own = networkAddress(config, family);
    if (fixed && !(own && contains(own.subnet, fixed))) {
      throw new WeftError(
        'network.in-use',
        `NIC "${device}" of instance "${instanceName}" has the static address ${nic[`ipv${family}.address`]}, which would lie outside of the subnet`,
      );
    }
  }
}

async function checkForwards({ pool }: Deps, { networkId, config }: ActiveNetwork): Promise<void> {
  const { rows } = await pool.query<{ listen: string; targets: string[] }>(
    `SELECT listen_address AS listen, array_remove(ARRAY[config ->> 'target_address'] || ARRAY(SELECT p ->> 'target_address' FROM jsonb_array_elements(ports) AS p), NULL) AS targets
       FROM forward WHERE network_id = $1`,
    [networkId],
  );
  for (const { listen, targets } of rows) {
    const outside = targets.find((text) => {
      const target = parseAddress(text)!;
      const own = networkAddress(config, target.family);
      return !(own && contains(own.subnet, target));
    });
    if (outside)
      throw new WeftError('network.in-use', `Forward "${listen}" has the target ${outside}, which would lie outside of the subnet: change the forward first`);
  }
}
