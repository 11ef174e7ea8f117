import type { InlineProjection } from '@weft/event-store';
import { clusterGroupProjection } from './cluster-group.projection';
import { imageAliasProjection, imageLocationProjection } from './image-alias.projection';
import { imageProjection } from './image.projection';
import { profileProjection } from './profile.projection';
import { projectProjection } from './project.projection';
import { storagePoolProjection } from './storage-pool.projection';
import { certificateProjection, serverProjection } from './trust.projection';
import { instanceProjection } from './instance.projection';
import { memberProjection } from './member.projection';
import { operationProjection } from './operation.projection';

/** In order: instances are rendered after the profiles that they use. */
export const projections: readonly InlineProjection[] = [
  // projects, profiles, images, aliases, pools, certificates, server
  projectProjection,
  profileProjection,
  imageProjection,
  imageAliasProjection,
  imageLocationProjection,
  storagePoolProjection,
  certificateProjection,
  serverProjection,

  // members, operations, instances
  memberProjection,
  clusterGroupProjection,
  operationProjection,
  instanceProjection,
];
