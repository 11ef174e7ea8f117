/**
 * Stream `network-port-<id>`: one NIC of one instance on one managed network. Its addresses are kept while the
 * instance is stopped; the logical switch port exists while it is active.
 *
 *   PortDefined --> defined --PortActivated--> active --PortDeactivated--> defined --PortRemoved--> gone
 */
import { z } from 'zod';
import { instanceType, stringMap } from '../agent';
import type { EventOf } from './definition';

const place = {
  portId: z.string(),
  instanceId: z.string(),
  instanceName: z.string(),
  /** Of the instance. */
  project: z.string(),
  /** Name of the device in the instance's configuration. */
  device: z.string(),
  networkId: z.string(),
  networkName: z.string(),
  networkProject: z.string(),
};

const content = {
  hwaddr: z.string(),
  /** Without prefix length; more than one never happens today, none when the network has no such family. */
  addresses: z.object({ ipv4: z.array(z.string()), ipv6: z.array(z.string()) }),
};

export const portEvents = {
  /** Defined or changed: always the whole new content. `nic` is the expanded device; `interfaceId` the OVN port's name. */
  PortDefined: z.object({ ...place, ...content, type: instanceType, guestName: z.string(), interfaceId: z.string(), nic: stringMap }),
  /** Has a logical switch port. `members`: where it is bound; two while it moves. */
  PortActivated: z.object({ ...place, ...content, member: z.string() }),
  PortBound: z.object({ ...place, members: z.array(z.string()).min(1).max(2) }),
  PortDeactivated: z.object({ ...place, ...content }),
  PortRemoved: z.object({ ...place, ...content }),
} as const;
export type PortEvent = EventOf<typeof portEvents>;
