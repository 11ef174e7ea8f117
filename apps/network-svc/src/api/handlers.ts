import { readAclLogPrefix } from '../commands/acl-log-prefix';
import { createAcl, deleteAcl, renameAcl, updateAcl } from '../commands/change-acl';
import { createForward, deleteForward, updateForward } from '../commands/change-forward';
import { createPeer, deletePeer, updatePeer } from '../commands/change-peer';
import { createNetwork } from '../commands/create-network';
import { deleteNetwork } from '../commands/delete-network';
import { readNetworkState } from '../commands/network-state';
import { createPeerGroup, deletePeerGroup, joinPeerGroup, leavePeerGroup, updatePeerGroup } from '../commands/peer-groups';
import { readProjectUsage } from '../commands/project-usage';
import { bindPorts, deactivatePorts, removePorts } from '../commands/release-ports';
import { renameNetwork } from '../commands/rename-network';
import { activatePorts, checkPorts, definePorts } from '../commands/settle-ports';
import { updateNetwork } from '../commands/update-network';
import type { HandlerMap } from './command-handler';

/** Every command of the service; schemas are in `libs/contracts/src/network.commands.ts`. */
export const handlers: HandlerMap = {
  'network.create': createNetwork,
  'network.update': updateNetwork,
  'network.rename': renameNetwork,
  'network.delete': deleteNetwork,
  'network.state': readNetworkState,
  'network.project-usage': readProjectUsage,
  'network-acl.create': createAcl,
  'network-acl.update': updateAcl,
  'network-acl.rename': renameAcl,
  'network-acl.delete': deleteAcl,
  'network-acl.log-prefix': readAclLogPrefix,
  'network-forward.create': createForward,
  'network-forward.update': updateForward,
  'network-forward.delete': deleteForward,
  'network-peer.create': createPeer,
  'network-peer.update': updatePeer,
  'network-peer.delete': deletePeer,
  'network-peer-group.create': createPeerGroup,
  'network-peer-group.update': updatePeerGroup,
  'network-peer-group.join': joinPeerGroup,
  'network-peer-group.leave': leavePeerGroup,
  'network-peer-group.delete': deletePeerGroup,
  'port.check': checkPorts,
  'port.define': definePorts,
  'port.activate': activatePorts,
  'port.deactivate': deactivatePorts,
  'port.remove': removePorts,
  'port.bind': bindPorts,
};
