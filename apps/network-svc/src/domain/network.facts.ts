/** What a decision about a network must know of the rest of the world; read by the command, never by the decider. */

/** A physical network that routers stand on. */
export interface UplinkFacts {
  id: string;
  name: string;
  config: Readonly<Record<string, string>>;
}

export interface NetworkFacts {
  /** The uplink that the configuration names; undefined for none and for physical networks. */
  uplink: UplinkFacts | undefined;
  /** External addresses on that uplink that others have (routers, forwards, NAT addresses): all, or with `freeExternal` those that matter. */
  takenExternal: readonly string[];
  /** The lowest that a router can be given there, of both families. */
  freeExternal?: readonly string[];
  /** Subnets that others announce on that uplink: networks without NAT, forwards, external routes of NICs. */
  announced: readonly { subnet: string; of: string }[];
  /** Subnets that an automatic address stays away from. */
  occupied: readonly string[];
  /** Of networks that are linked peers. */
  peers: readonly { name: string; subnets: readonly string[] }[];
  /** `restricted.networks.subnets` of a restricted project, as `uplink:subnet`; undefined when nothing restricts. */
  allowedSubnets: readonly string[] | undefined;
}

export const NO_FACTS: NetworkFacts = { uplink: undefined, takenExternal: [], announced: [], occupied: [], peers: [], allowedSubnets: undefined };
