import { etagOf, sortedMap, type AclRule, type NetworkAclEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';

export interface ActiveAcl {
  status: 'active';
  aclId: string;
  project: string;
  name: string;
  number: number;
  description: string;
  config: Record<string, string>;
  ingress: AclRule[];
  egress: AclRule[];
}

export type AclAggregate = { status: 'none' } | ActiveAcl | { status: 'deleted' };

export const aclFold: Fold<AclAggregate, NetworkAclEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'NetworkAclCreated':
        return { status: 'active', ...event.data };
      case 'NetworkAclUpdated':
      case 'NetworkAclRenamed':
        return state.status === 'active' ? { ...state, ...event.data } : state;
      case 'NetworkAclDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};

export const aclStream = (id: string): string => `network-acl-${id}`;

const FIELDS = ['source', 'destination', 'protocol', 'source_port', 'destination_port', 'icmp_type', 'icmp_code', 'description'] as const;

/** A rule as LXD writes it: fields in its order, empty ones left out. */
export function ruleDocument(rule: AclRule): Record<string, string> {
  const filled = FIELDS.filter((field) => rule[field] !== '').map((field) => [field, rule[field]] as const);
  return { action: rule.action, ...Object.fromEntries(filled), state: rule.state };
}

export const aclEtag = ({ name, description, ingress, egress, config }: Pick<ActiveAcl, 'name' | 'description' | 'ingress' | 'egress' | 'config'>): string =>
  etagOf([name, description, ingress.map(ruleDocument), egress.map(ruleDocument), sortedMap(config)]);
