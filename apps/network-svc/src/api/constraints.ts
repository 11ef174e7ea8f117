import type { ConstraintNames } from '@weft/service';

/** The user's word for a constraint of a projection that refused an append. One line per constraint. */
export const constraints: ConstraintNames = {
  network_project_name: ['network.exists', 'The network already exists'],
  network_uplink_fk: ['network.in-use', 'The network is currently in use: an OVN network was put on it meanwhile'],
  used_number_unique: ['concurrency.conflict', 'Another network was created at the same moment: try again'],
  uplink_address_unique: ['network-address.exists', 'The address is in use already on the uplink network'],
  acl_project_name: ['network-acl.exists', 'The network ACL already exists'],
  forward_network_fk: ['network.in-use', 'The network is currently in use'],
  forward_network_address: ['network-forward.exists', 'Failed creating forward: A forward for that listen address already exists'],
  peer_network_fk: ['network.in-use', 'The network is currently in use'],
  peer_network_name: ['network-peer.exists', 'Failed creating peer: A peer for that name already exists'],
  peer_group_project_name: ['network-peer-group.exists', 'The network peer group already exists'],
  port_network_fk: ['network.in-use', 'The network is currently in use'],
  port_hwaddr: ['device.invalid', 'The MAC address is in use by another NIC on that network: set another "hwaddr"'],
  port_address_unique: ['network-address.exists', 'The IP address is in use by another NIC on that network'],
};
