/** LXD's `network` of an instance's state (api.InstanceStateNetwork), from what ip(8) says. Pure. */
import type { LinkCounters, LinkState } from './host-links';
import type { Nic } from './nic';

export interface NetworkState {
  addresses: { family: 'inet' | 'inet6'; address: string; netmask: string; scope: string }[];
  counters: {
    bytes_received: number;
    bytes_sent: number;
    packets_received: number;
    packets_sent: number;
    errors_received: number;
    errors_sent: number;
    packets_dropped_outbound: number;
    packets_dropped_inbound: number;
  };
  hwaddr: string;
  /** The host's end, "" for none. */
  host_name: string;
  mtu: number;
  state: 'up' | 'down';
  type: 'loopback' | 'broadcast' | 'point-to-point';
}

/** Interfaces as a container's processes see them. */
export const containerNetwork = (links: readonly LinkState[], nics: readonly Nic[]): Record<string, NetworkState> =>
  Object.fromEntries(
    links.map((link) => [
      link.ifname,
      {
        addresses: addressesOf(link.addr_info),
        counters: countersOf(link.stats64?.rx, link.stats64?.tx),
        hwaddr: link.link_type === 'loopback' ? '' : (link.address ?? ''),
        host_name: nics.find(({ guestName }) => guestName === link.ifname)?.link ?? '',
        mtu: link.mtu,
        state: link.flags.includes('UP') ? ('up' as const) : ('down' as const),
        type: typeOf(link.flags),
      },
    ]),
  );

/** `guest-network-get-interfaces` of the QEMU guest agent, the part that is used. */
export interface GuestInterface {
  name: string;
  'hardware-address'?: string;
  'ip-addresses'?: { 'ip-address': string; 'ip-address-type': 'ipv4' | 'ipv6'; prefix: number }[];
}

/**
 * Of a virtual machine: what its taps count, turned round, and what its agent says; without an agent, the addresses
 * that its networks have given it.
 */
export const machineNetwork = (taps: readonly LinkState[], nics: readonly Nic[], guest: readonly GuestInterface[] | undefined): Record<string, NetworkState> =>
  Object.fromEntries(
    nics.map((nic) => {
      const tap = taps.find(({ ifname }) => ifname === nic.link);
      const seen = guest?.find((one) => one['hardware-address']?.toLowerCase() === nic.hwaddr);
      const addresses =
        seen?.['ip-addresses']?.map((one) => addressOf(one['ip-address'], one.prefix)) ?? nic.addresses.map((cidr) => addressOf(...split(cidr)));
      return [
        seen?.name ?? nic.guestName,
        {
          addresses,
          counters: countersOf(tap?.stats64?.tx, tap?.stats64?.rx),
          hwaddr: nic.hwaddr,
          host_name: nic.link,
          mtu: tap?.mtu ?? nic.mtu,
          state: tap?.flags.includes('UP') ? ('up' as const) : ('down' as const),
          type: 'broadcast' as const,
        },
      ];
    }),
  );

const countersOf = (received: LinkCounters | undefined, sent: LinkCounters | undefined): NetworkState['counters'] => ({
  bytes_received: received?.bytes ?? 0,
  bytes_sent: sent?.bytes ?? 0,
  packets_received: received?.packets ?? 0,
  packets_sent: sent?.packets ?? 0,
  errors_received: received?.errors ?? 0,
  errors_sent: sent?.errors ?? 0,
  packets_dropped_outbound: sent?.dropped ?? 0,
  packets_dropped_inbound: received?.dropped ?? 0,
});

const addressesOf = (infos: LinkState['addr_info']): NetworkState['addresses'] =>
  infos.flatMap(({ family, local, prefixlen, scope }) =>
    local !== undefined && (family === 'inet' || family === 'inet6')
      ? [{ family, address: local, netmask: String(prefixlen), scope: scope === 'host' ? 'local' : scope }]
      : [],
  );

const split = (cidr: string): [string, number] => {
  const [address = '', prefix] = cidr.split('/');
  return [address, Number(prefix ?? (address.includes(':') ? 128 : 32))];
};

const addressOf = (address: string, prefix: number): NetworkState['addresses'][number] => ({
  family: address.includes(':') ? 'inet6' : 'inet',
  address,
  netmask: String(prefix),
  scope: /^(127\.|::1$)/.test(address) ? 'local' : /^fe[89ab]/i.test(address) ? 'link' : 'global',
});

const typeOf = (flags: readonly string[]): NetworkState['type'] =>
  flags.includes('LOOPBACK') ? 'loopback' : flags.includes('POINTOPOINT') ? 'point-to-point' : 'broadcast';
