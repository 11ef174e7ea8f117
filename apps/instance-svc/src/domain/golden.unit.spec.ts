import { join } from 'node:path';
import {
  certificateEvents,
  certificateTokenEvents,
  clusterGroupEvents,
  imageAliasEvents,
  imageEvents,
  imageFileEvents,
  instanceEvents,
  memberEvents,
  operationEvents,
  profileEvents,
  projectEvents,
  serverEvents,
  storagePoolEvents,
} from '@weft/contracts';
import { describeGoldenSamples } from '@weft/testing';
import { certificateFold, certificateTokenFold } from './certificate.state';
import { clusterGroupFold } from './cluster-group.state';
import { imageAliasFold, imageFileFold, imageFold } from './image.state';
import { instanceFold } from './instance.state';
import { memberFold } from './member.state';
import { operationFold } from './operation.state';
import { profileFold } from './profile.state';
import { projectFold } from './project.state';
import { serverFold } from './server.state';
import { storagePoolFold } from './storage-pool.state';

describeGoldenSamples(join(__dirname, '../../golden'), {
  project: { events: projectEvents, fold: projectFold, ends: { status: 'deleted' } },
  profile: { events: profileEvents, fold: profileFold, ends: { status: 'deleted' } },
  image: { events: imageEvents, fold: imageFold, ends: { status: 'deleted' } },
  'image-file': { events: imageFileEvents, fold: imageFileFold, ends: { members: ['host2'] } },
  'image-alias': { events: imageAliasEvents, fold: imageAliasFold, ends: { status: 'deleted' } },
  'storage-pool': { events: storagePoolEvents, fold: storagePoolFold, ends: { status: 'active', driver: 'dir', description: 'pool' } },
  certificate: { events: certificateEvents, fold: certificateFold, ends: { status: 'none' } },
  'certificate-token': { events: certificateTokenEvents, fold: certificateTokenFold, ends: { status: 'used' } },
  instance: { events: instanceEvents, fold: instanceFold, ends: { status: 'deleted' } },
  operation: { events: operationEvents, fold: operationFold, ends: { status: 'ended' } },
  member: { events: memberEvents, fold: memberFold, ends: { status: 'invited' } },
  'cluster-group': { events: clusterGroupEvents, fold: clusterGroupFold, ends: { status: 'deleted' } },
  server: { events: serverEvents, fold: serverFold, ends: { config: { 'core.trust_password': 'true', 'user.abc': '1' } } },
});
