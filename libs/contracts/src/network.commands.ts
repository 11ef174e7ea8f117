/**
 * Commands and queries of the network service, subject `weft.cmd.network.<name>`; all of them `sync`.
 *
 * `meta.project` is the project of the request: the service finds the one that holds the networks (`default` unless
 * `features.networks`). Bodies are LXD's request bodies as the gateway has parsed and bounded them. A reply of a
 * command that changes the data plane means that the northbound database has it, and the southbound one where said.
 */
import { z } from 'zod';
import { instanceType, stringMap } from './agent';
import { aclRule } from './events/network-acl.events';
import { forwardPort } from './events/network-forward.events';

export const NETWORK_CONTEXT = 'network';

const ifMatch = { ifMatch: z.string().optional() };
/** `replace` is PUT, `merge` is PATCH. */
const mode = { mode: z.enum(['replace', 'merge']) };
const named = { name: z.string() };
/** The member whose own part of a network it is about. */
const target = { target: z.string().optional() };
const sync = <T extends z.ZodType>(body: T) => ({ kind: 'sync' as const, body });

const aclContent = { description: z.string(), config: stringMap, ingress: z.array(aclRule), egress: z.array(aclRule) };
const forwardContent = { description: z.string(), config: stringMap, ports: z.array(forwardPort) };

/** Expanded NIC devices (`type=nic`, `network=...`) by device name; others must not be passed. */
const nics = z.record(z.string(), stringMap);
const instanceRef = { instanceId: z.string(), instanceName: z.string(), type: instanceType };

/** One end of a peer group: a network by its name, in a project that the caller may change. */
const networkRef = z.object({ project: z.string(), network: z.string() });

export const networkCommands = {
  /** `type` "" means `ovn` as in LXD's API for clusters with OVN: bridges are refused with a reason. */
  'network.create': sync(z.object({ ...named, ...target, type: z.string(), description: z.string(), config: stringMap })),
  'network.update': sync(z.object({ ...named, ...target, ...mode, ...ifMatch, description: z.string().optional(), config: stringMap.optional() })),
  'network.rename': sync(z.object({ ...named, newName: z.string() })),
  'network.delete': sync(z.object({ ...named })),
  /** Query: LXD's NetworkState, with the chassis that carries the router's gateway. */
  'network.state': sync(z.object({ ...named })),
  /** Query: {usedBy: string[]}: URLs of networks and ACLs that live in the project. Asked before it is deleted, renamed or loses `features.networks`. */
  'network.project-usage': sync(z.object({ project: z.string() })),
  // ACLs
  'network-acl.create': sync(z.object({ ...named, ...aclContent })),
  'network-acl.update': sync(z.object({ ...named, ...mode, ...ifMatch, ...z.object(aclContent).partial().shape })),
  'network-acl.rename': sync(z.object({ ...named, newName: z.string() })),
  'network-acl.delete': sync(z.object({ ...named })),
  /** Query: {prefix}: what the names of its rules begin with in the logs of hosts. */
  'network-acl.log-prefix': sync(z.object({ ...named })),
  // forwards
  'network-forward.create': sync(z.object({ network: z.string(), listenAddress: z.string(), ...forwardContent })),
  'network-forward.update': sync(
    z.object({ network: z.string(), listenAddress: z.string(), ...mode, ...ifMatch, ...z.object(forwardContent).partial().shape }),
  ),
  'network-forward.delete': sync(z.object({ network: z.string(), listenAddress: z.string() })),
  // peers
  /** `targetProject` "" means the project of the request. Result: {status: 'Pending' | 'Created'}. */
  'network-peer.create': sync(
    z.object({ network: z.string(), ...named, description: z.string(), config: stringMap, targetProject: z.string(), targetNetwork: z.string() }),
  ),
  'network-peer.update': sync(
    z.object({ network: z.string(), ...named, ...mode, ...ifMatch, description: z.string().optional(), config: stringMap.optional() }),
  ),
  'network-peer.delete': sync(z.object({ network: z.string(), ...named })),
  // peer groups (API extension `network_peer_group`): each network of a group is a peer of each other one
  'network-peer-group.create': sync(z.object({ ...named, description: z.string(), config: stringMap, networks: z.array(networkRef) })),
  'network-peer-group.update': sync(
    z.object({ ...named, ...mode, ...ifMatch, description: z.string().optional(), config: stringMap.optional(), networks: z.array(networkRef).optional() }),
  ),
  /** One call joins a network to all others of the group. */
  'network-peer-group.join': sync(z.object({ ...named, ...networkRef.shape })),
  'network-peer-group.leave': sync(z.object({ ...named, ...networkRef.shape })),
  'network-peer-group.delete': sync(z.object({ ...named })),
  // ports of instances; for services only
  /** No effect: refuses whatever is wrong with the NICs. `instanceId` when the instance exists. Result {}. */
  'port.check': sync(z.object({ ...instanceRef, instanceId: z.string().optional(), nics })),
  /** Exactly these ports remain; addresses are allocated. Idempotent. Result {ports: Record<device, BoundNic>}. */
  'port.define': sync(z.object({ ...instanceRef, nics })),
  /** Defines them and gives them logical switch ports on `member`; replies when they are recorded: the host waits for their flows. A change of active ones is waited for. Result as `port.define`. */
  'port.activate': sync(z.object({ ...instanceRef, member: z.string(), nics })),
  /** Their rows leave OVN (all ports, or those of `devices`); addresses stay allocated. Idempotent. Result {}. */
  'port.deactivate': sync(z.object({ instanceId: z.string(), devices: z.array(z.string()).optional() })),
  /** Forgets all ports of the instance and their addresses. Idempotent. Result {}. */
  'port.remove': sync(z.object({ instanceId: z.string() })),
  /** Migration: two members while the guest moves, the target's alone when it has. Result {}. */
  'port.bind': sync(z.object({ instanceId: z.string(), members: z.array(z.string()).min(1).max(2) })),
} as const;

export type NetworkCommandName = keyof typeof networkCommands;
export type NetworkCommandBody<N extends NetworkCommandName> = z.infer<(typeof networkCommands)[N]['body']>;
