import { z } from 'zod';
import * as lxd from './scalar';

/** LXD's: what names of instances end with, unless their network has `dns.domain`. */
export const DEFAULT_DNS_DOMAIN = 'lxd';

export const networksPost = z.object({ name: lxd.name, type: lxd.name, description: lxd.text, config: lxd.config });
export const networkPut = z.object({ description: lxd.text, config: lxd.config });
export const networkPatch = z.object({ description: lxd.patchText, config: lxd.patchConfig });

const MAX_RULES = 1_000;
const rule = z.object({
  action: lxd.name,
  source: lxd.text,
  destination: lxd.text,
  protocol: lxd.name,
  source_port: lxd.text,
  destination_port: lxd.text,
  icmp_type: lxd.name,
  icmp_code: lxd.name,
  description: lxd.text,
  state: lxd.name,
});
const rules = z
  .array(rule)
  .max(MAX_RULES)
  .nullish()
  .transform((list) => list ?? []);
const patchRules = z
  .array(rule)
  .max(MAX_RULES)
  .nullish()
  .transform((list) => list ?? undefined);

export const networkAclsPost = z.object({ name: lxd.name, description: lxd.text, config: lxd.config, ingress: rules, egress: rules });
export const networkAclPut = z.object({ description: lxd.text, config: lxd.config, ingress: rules, egress: rules });
export const networkAclPatch = z.object({ description: lxd.patchText, config: lxd.patchConfig, ingress: patchRules, egress: patchRules });

const MAX_PORTS = 1_000;
const port = z.object({ description: lxd.text, protocol: lxd.name, listen_port: lxd.text, target_port: lxd.text, target_address: lxd.name });
const ports = z
  .array(port)
  .max(MAX_PORTS)
  .nullish()
  .transform((list) => list ?? []);
const patchPorts = z
  .array(port)
  .max(MAX_PORTS)
  .nullish()
  .transform((list) => list ?? undefined);

export const networkForwardsPost = z.object({ listen_address: lxd.name, description: lxd.text, config: lxd.config, ports });
export const networkForwardPut = z.object({ description: lxd.text, config: lxd.config, ports });
export const networkForwardPatch = z.object({ description: lxd.patchText, config: lxd.patchConfig, ports: patchPorts });

export const networkPeersPost = z.object({
  name: lxd.name,
  description: lxd.text,
  config: lxd.config,
  target_project: lxd.name,
  target_network: lxd.name,
});
export const networkPeerPut = z.object({ description: lxd.text, config: lxd.config });
export const networkPeerPatch = z.object({ description: lxd.patchText, config: lxd.patchConfig });

/** Extension `network_peer_group`: members are written `project/network`, or `network` for the request's own project. */
const MAX_MEMBERS = 100;
const members = z.array(z.string().max(511)).max(MAX_MEMBERS);
export const networkPeerGroupsPost = z.object({
  name: lxd.name,
  description: lxd.text,
  config: lxd.config,
  networks: members.nullish().transform((list) => list ?? []),
});
export const networkPeerGroupPut = z.object({
  description: lxd.text,
  config: lxd.config,
  networks: members.nullish().transform((list) => list ?? []),
});
export const networkPeerGroupPatch = z.object({
  description: lxd.patchText,
  config: lxd.patchConfig,
  networks: members.nullish().transform((list) => list ?? undefined),
});
/** `POST /1.0/network-peer-groups/<name>/networks`: one more. */
export const networkPeerGroupNetworksPost = z.object({ network: z.string().min(1).max(511) });
