import { z } from 'zod';
import { stringMap } from '../agent';
import type { EventOf } from './definition';

const place = { aclId: z.string(), project: z.string(), name: z.string() };

/** One rule as LXD has it; every field may be empty, which means "any". */
export const aclRule = z.object({
  action: z.string(),
  source: z.string(),
  destination: z.string(),
  protocol: z.string(),
  source_port: z.string(),
  destination_port: z.string(),
  icmp_type: z.string(),
  icmp_code: z.string(),
  description: z.string(),
  state: z.string(),
});
export type AclRule = z.infer<typeof aclRule>;

const content = { description: z.string(), config: stringMap, ingress: z.array(aclRule), egress: z.array(aclRule) };

/** Stream `network-acl-<id>`. */
export const networkAclEvents = {
  /** `number`: A in the names of its OVN rows (`weft_acl<A>`): unique, never used again. */
  NetworkAclCreated: z.object({ ...place, ...content, number: z.number().int().positive() }),
  /** Always the whole new content. */
  NetworkAclUpdated: z.object({ ...place, ...content }),
  NetworkAclRenamed: z.object({ ...place, oldName: z.string() }),
  NetworkAclDeleted: z.object(place),
} as const;
export type NetworkAclEvent = EventOf<typeof networkAclEvents>;
