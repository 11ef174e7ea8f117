import { join } from 'node:path';
import { networkAclEvents, networkEvents, networkForwardEvents, networkPeerEvents, networkPeerGroupEvents, portEvents } from '@weft/contracts';
import { describeGoldenSamples } from '@weft/testing';
import { aclFold } from './acl.state';
import { forwardFold } from './forward.state';
import { networkFold } from './network.state';
import { pairingFold } from './pairing.state';
import { peerGroupFold } from './peer-group.decider';
import { portFold } from './port.state';

describeGoldenSamples(join(__dirname, '../../golden'), {
  network: { events: networkEvents, fold: networkFold, ends: { status: 'deleted' } },
  'network-acl': { events: networkAclEvents, fold: aclFold, ends: { status: 'deleted' } },
  'network-forward': { events: networkForwardEvents, fold: forwardFold, ends: { status: 'deleted' } },
  'network-peer': { events: networkPeerEvents, fold: pairingFold, ends: { consents: [{ name: 'to-blue', status: 'errored' }] } },
  'network-peer-group': { events: networkPeerGroupEvents, fold: peerGroupFold, ends: { status: 'deleted' } },
  'network-port': { events: portEvents, fold: portFold, ends: { status: 'none' } },
});
