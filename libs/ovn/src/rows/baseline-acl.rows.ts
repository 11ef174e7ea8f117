import type { DesiredNetwork } from '../model';
import { familyOf, withoutLength } from './addresses';
import type { DesiredRow, MakeRow } from './desired-row';
import { linkTo } from './keys';
import { networkNames } from './names';
import { nameServersOf } from './resolver.rows';

const PRIORITY = 200;

/** What a network needs to work at all, before the default action of a NIC that has ACLs. */
export function baselineAclRows(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  return Object.entries(baseline(network)).map(([id, match]) => {
    const columns = { direction: 'to-lport' as const, priority: PRIORITY, action: 'allow' as const, match };
    return make('ACL', 'baseline', columns, { id, links: [linkTo.switchAcl(network.id)] });
  });
}

function baseline(network: DesiredNetwork): Record<string, string> {
  const { number, ipv4, ipv6 } = network;
  const router = networkNames(number).innerSwitchRouterPort;
  const [to, from] = [`outport == "${router}"`, `inport == "${router}"`];
  const resolvers = nameServersOf(network).map((address) => {
    return [`dns ${address}`, `${to} && ip${familyOf(address)}.dst == ${address} && (udp.dst == 53 || tcp.dst == 53)`] as const;
  });
  return {
    neighbours: '(arp || nd)',
    'router-advertisement': `${from} && nd_ra`,
    'router-solicitation': `${to} && nd_rs`,
    mld: 'icmp6 && icmp6.type == 143 && ip.ttl == 1 && ip6.dst == ff02::16',
    igmp: 'igmp && ip.ttl == 1 && ip4.mcast',
    dhcp: `${to} && ((ip4 && udp.dst == 67) || (ip6 && udp.dst == 547))`,
    'icmp6-errors': 'icmp6 && icmp6.type == {1,2,3,4} && ip.ttl == 255',
    'icmp4-errors': 'icmp4 && icmp4.type == {3,11,12} && ip.ttl == 255',
    'tcp-reset': 'tcp && tcp.flags == 0x014',
    ...(ipv4 && {
      'ping4-request': `${to} && icmp4.type == 8 && ip4.dst == ${withoutLength(ipv4)}`,
      'ping4-reply': `${from} && icmp4.type == 0 && ip4.src == ${withoutLength(ipv4)}`,
    }),
    ...(ipv6 && {
      'ping6-request': `${to} && icmp6.type == 128 && ip6.dst == ${withoutLength(ipv6)}`,
      'ping6-reply': `${from} && icmp6.type == 129 && ip6.src == ${withoutLength(ipv6)}`,
    }),
    ...Object.fromEntries(resolvers),
  };
}
