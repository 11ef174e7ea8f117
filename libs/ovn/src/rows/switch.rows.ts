import type { DesiredNetwork, DesiredUplink } from '../model';
import { subnetOf, withoutLength } from './addresses';
import type { DesiredRow, MakeRow } from './desired-row';
import { linkTo } from './keys';
import { networkNames } from './names';

/** The switch that instances are on, and with an uplink the one that joins the router to the provider's network. */
export function switchRows(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  return [...innerSwitch(make, network), ...(network.uplink ? outerSwitch(make, network, network.uplink) : [])];
}

function innerSwitch(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  const names = networkNames(network.number);
  const other_config = {
    ...(network.ipv4 && { subnet: subnetOf(network.ipv4), exclude_ips: withoutLength(network.ipv4) }),
    ...(network.ipv6 && { ipv6_prefix: subnetOf(network.ipv6) }),
  };
  const inner = make('Logical_Switch', 'inner-switch', { name: names.innerSwitch, other_config });
  if (!network.ipv4 && !network.ipv6) return [inner];
  const port = routerPort(names.innerSwitchRouterPort, names.innerRouterPort);
  return [inner, make('Logical_Switch_Port', 'inner-router-port', port, { links: [linkTo.innerPort(network.id)] })];
}

function outerSwitch(make: MakeRow, { id, number }: DesiredNetwork, { providerNetwork, vlan, ipv4, ipv6 }: DesiredUplink): DesiredRow[] {
  const names = networkNames(number);
  const options = { network_name: providerNetwork };
  // ovn-northd makes the port's tag of it.
  const provider = { name: names.providerPort, type: 'localnet', addresses: ['unknown'], options, ...(vlan !== null && { tag_request: vlan }) };
  const links = [linkTo.outerPort(id)];
  const port = routerPort(names.outerSwitchRouterPort, names.outerRouterPort);
  return [
    make('Logical_Switch', 'outer-switch', { name: names.outerSwitch }),
    ...(ipv4 || ipv6 ? [make('Logical_Switch_Port', 'outer-router-port', port, { links })] : []),
    make('Logical_Switch_Port', 'provider-port', provider, { links }),
  ];
}

const routerPort = (name: string, routerPortName: string) => ({
  name,
  type: 'router',
  addresses: ['router'],
  options: { 'router-port': routerPortName, 'nat-addresses': 'router' },
});
