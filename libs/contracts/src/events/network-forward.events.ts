import { z } from 'zod';
import { stringMap } from '../agent';
import type { EventOf } from './definition';

const place = {
  forwardId: z.string(),
  networkId: z.string(),
  /** Of the network. */
  project: z.string(),
  networkName: z.string(),
  /** Where the address is announced: unique there. */
  uplinkId: z.string(),
  listenAddress: z.string(),
};

/** Ports are lists of numbers and ranges: `80,8080-8081`. An empty target port means "the same". */
export const forwardPort = z.object({
  description: z.string(),
  protocol: z.string(),
  listen_port: z.string(),
  target_port: z.string(),
  target_address: z.string(),
});
export type ForwardPort = z.infer<typeof forwardPort>;

const content = { description: z.string(), config: stringMap, ports: z.array(forwardPort) };

/** Stream `network-forward-<id>`. */
export const networkForwardEvents = {
  NetworkForwardCreated: z.object({ ...place, ...content }),
  NetworkForwardUpdated: z.object({ ...place, ...content }),
  NetworkForwardDeleted: z.object(place),
} as const;
export type NetworkForwardEvent = EventOf<typeof networkForwardEvents>;
