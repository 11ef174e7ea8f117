/**
 *   none --PortDefined--> defined --PortActivated--> active --PortDeactivated--> defined
 *                            ^  \________PortRemoved________________________________/
 *                            +-- PortDefined changes either, PortBound an active one
 */
import { derivedId, type InstanceType, type PortEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';

export interface PortAddresses {
  ipv4: string[];
  ipv6: string[];
}

export interface LivePort {
  status: 'defined' | 'active';
  portId: string;
  instanceId: string;
  instanceName: string;
  project: string;
  device: string;
  networkId: string;
  networkName: string;
  networkProject: string;
  hwaddr: string;
  addresses: PortAddresses;
  type: InstanceType;
  guestName: string;
  interfaceId: string;
  nic: Record<string, string>;
  /** Where it is bound; empty unless active. */
  members: string[];
}

export type PortAggregate = { status: 'none' } | LivePort;

export const portFold: Fold<PortAggregate, PortEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    if (event.type === 'PortDefined') {
      const before = state.status === 'none' ? { status: 'defined' as const, members: [] } : { status: state.status, members: state.members };
      return { ...event.data, ...before };
    }
    if (state.status === 'none') return state;
    switch (event.type) {
      case 'PortActivated':
        return { ...state, status: 'active', members: [event.data.member] };
      case 'PortBound':
        return { ...state, members: event.data.members };
      case 'PortDeactivated':
        return { ...state, status: 'defined', members: [] };
      case 'PortRemoved':
        return { status: 'none' };
      default:
        return event satisfies never;
    }
  },
};

export const portId = (instanceId: string, device: string): string => derivedId('network-port', instanceId, device);
export const portStream = (id: string): string => `network-port-${id}`;

/** What every event of a port says of it. */
export const portPlace = ({ portId: id, instanceId, instanceName, project, device, networkId, networkName, networkProject }: LivePort) => ({
  portId: id,
  instanceId,
  instanceName,
  project,
  device,
  networkId,
  networkName,
  networkProject,
});
