/**
 * What OVN should hold, in our words: networks, the ports that are active on them, ACLs, forwards and peerings. Everything is
 * settled here: addresses are allocated, names are resolved to ids, defaults are filled in. Addresses are text in their
 * canonical form; `address/length` where a prefix length belongs to them.
 *
 * A thing of the model is written under an owner (`ownerOf`): its rows are found, compared and removed by that. Things that are
 * in a `DesiredState` but not in the scope of a change are context: a port needs its network, a pairing both of its own.
 */

/** Identity of a row's owner; made by `ownerOf`. */
export type Owner = string & { readonly __ovn: 'owner' };

export const ownerOf = {
  network: (id: string) => `network:${id}` as Owner,
  port: (id: string) => `port:${id}` as Owner,
  acl: (id: string) => `acl:${id}` as Owner,
  forward: (id: string) => `forward:${id}` as Owner,
  pairing: (id: string) => `pairing:${id}` as Owner,
} as const;

/** Every thing has them. */
interface Thing {
  /** Of its aggregate; unique for its noun and for ever. */
  readonly id: string;
  /**
   * Grows with each change of the thing. A state with a smaller one than OVN has already is refused (`OvnStaleState`): somebody
   * else has written a newer one.
   */
  readonly version: number;
}

export interface DesiredNetwork extends Thing {
  /** N in the names of its rows (`weft-net<N>-lr`); unique and never used again. */
  readonly number: number;
  readonly project: string;
  readonly name: string;
  readonly mtu: number;
  readonly routerMac: string;
  /** The router's address in the network, with its prefix length: `10.0.0.1/24`. None: no such family. */
  readonly ipv4: string | null;
  readonly ipv6: string | null;
  readonly uplink: DesiredUplink | null;
  /** External address that leaving packets get; null: they keep their own. */
  readonly nat: { readonly ipv4: string | null; readonly ipv6: string | null };
  readonly dhcp: { readonly ipv4: boolean; readonly ipv6: 'none' | 'stateless' | 'stateful' };
  readonly dns: { readonly nameservers: readonly string[]; readonly domain: string; readonly search: readonly string[] };
  /**
   * Whether every host answers DNS for its guests of this network by itself, at `resolverPort(number)`: they then get that address
   * for a name server (over IPv4). Ports have no names in OVN then: its own answers refuse EDNS.
   */
  readonly resolver: boolean;
  /** Subnets behind active ports: the sum of their `routes` and `externalRoutes`. */
  readonly routes: readonly string[];
}

/** The way out of a network: one of the chassis carries the router's outer port. */
export interface DesiredUplink {
  /** Key of `ovn-bridge-mappings` on the hosts. */
  readonly providerNetwork: string;
  /** Of the packets there; null: they have no tag. */
  readonly vlan: number | null;
  /** The router's outer address with the uplink's prefix length, and who to send to. */
  readonly ipv4: { readonly address: string; readonly gateway: string | null } | null;
  readonly ipv6: { readonly address: string; readonly gateway: string | null } | null;
  /** `l2proxy`: addresses that are not translated are answered for on the uplink; `routed`: the uplink routes them to us. */
  readonly ingressMode: 'l2proxy' | 'routed';
  /** Who may carry the outer port, the highest priority first choice: 0 to 32767. */
  readonly chassis: readonly { readonly name: string; readonly priority: number }[];
}

/** One NIC of one instance that runs. */
export interface DesiredPort extends Thing {
  readonly networkId: string;
  /** Name of the logical switch port and `external_ids:iface-id` of the interface on the host. */
  readonly interfaceId: string;
  readonly hwaddr: string;
  /** At most one per family; without prefix length. */
  readonly ipv4: string | null;
  readonly ipv6: string | null;
  /** Where it may be bound; two while its guest moves: the second one is active from the guest's first RARP on. */
  readonly chassis: readonly string[];
  /** Full names that resolve to its addresses inside of OVN. */
  readonly dnsNames: readonly string[];
  /**
   * Subnets that are routed to it: inside of OVN only, and announced on the uplink too. On an uplink in `l2proxy` mode the router
   * answers for those of at most 64 addresses.
   */
  readonly routes: readonly string[];
  readonly externalRoutes: readonly string[];
  /** Addresses and subnets that it may send from, with its own MAC (ovn-nb(5), "port_security"); none: any; null: also with any MAC. */
  readonly sources: readonly string[] | null;
  /** Null: everything is allowed. */
  readonly security: DesiredSecurity | null;
  readonly limits: { readonly ingressKbps: number | null; readonly egressKbps: number | null };
}

/** The ACLs of a NIC (its own and its network's), and what happens to packets that no rule is about. */
export interface DesiredSecurity {
  readonly aclIds: readonly string[];
  readonly ingress: DefaultAction;
  readonly egress: DefaultAction;
}
export interface DefaultAction {
  readonly action: 'allow' | 'reject' | 'drop';
  readonly logged: boolean;
}

export interface DesiredAcl extends Thing {
  /** A in the names of its rows (`weft_acl<A>`). */
  readonly number: number;
  readonly project: string;
  readonly name: string;
  /** Networks of which an active port uses it. None: OVN holds nothing of it. */
  readonly networkIds: readonly string[];
  /** Subnets that are routed to the ports that use it: their `routes` and `externalRoutes`. */
  readonly routes: readonly string[];
  /** Without those that are disabled. */
  readonly rules: readonly DesiredAclRule[];
}

export interface DesiredAclRule {
  readonly direction: 'ingress' | 'egress';
  readonly action: 'allow' | 'allow-stateless' | 'reject' | 'drop';
  readonly logged: boolean;
  /** Any of them; none: anything. */
  readonly sources: readonly AclSubject[];
  readonly destinations: readonly AclSubject[];
  readonly protocol: 'tcp' | 'udp' | 'icmp4' | 'icmp6' | null;
  readonly sourcePorts: readonly PortRange[];
  readonly destinationPorts: readonly PortRange[];
  readonly icmpType: number | null;
  readonly icmpCode: number | null;
}
export interface PortRange {
  readonly first: number;
  readonly last: number;
}
export type AclSubject =
  /** An address, a subnet, or `first-last`. */
  | { readonly kind: 'addresses'; readonly family: 4 | 6; readonly text: string }
  /** `@internal`: the ports of the network; `@external`: what comes or goes through its router. */
  | { readonly kind: 'internal' | 'external' }
  /** `@net/peer`: the network behind a peer, and what is routed to it. Its number. */
  | { readonly kind: 'network'; readonly number: number }
  /** The ports that use an ACL. Its number. */
  | { readonly kind: 'acl'; readonly number: number };

export interface DesiredForward extends Thing {
  readonly networkId: string;
  /** Outside. */
  readonly listenAddress: string;
  /** Gets what no port is about; null: nobody. */
  readonly defaultTarget: string | null;
  readonly ports: readonly ForwardedPort[];
}
export interface ForwardedPort {
  readonly protocol: 'tcp' | 'udp';
  readonly listenPort: number;
  readonly targetAddress: string;
  readonly targetPort: number;
}

/** Two networks that both have agreed. */
export interface DesiredPairing extends Thing {
  readonly networkIds: readonly [string, string];
}

export interface DesiredState {
  readonly networks: readonly DesiredNetwork[];
  readonly ports: readonly DesiredPort[];
  readonly acls: readonly DesiredAcl[];
  readonly forwards: readonly DesiredForward[];
  readonly pairings: readonly DesiredPairing[];
}

/** What a change is about: everything that Weft owns, or what these own. An owner that the state does not have loses its rows. */
export type Scope = 'everything' | readonly Owner[];
