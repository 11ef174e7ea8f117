import { addCertificate } from '../commands/add-certificate';
import { createImageAlias, deleteImageAlias, renameImageAlias, updateImageAlias } from '../commands/change-image-alias';
import { createClusterGroup, deleteClusterGroup, renameClusterGroup, updateClusterGroup } from '../commands/change-cluster-group';
import { removeMember, updateMember } from '../commands/change-member';
import { chooseImageMember } from '../commands/choose-image-member';
import { createImage } from '../commands/create-image';
import { createProfile } from '../commands/create-profile';
import { createProject } from '../commands/create-project';
import { deleteProfile } from '../commands/delete-profile';
import { deleteProject } from '../commands/delete-project';
import { issueCertificateToken } from '../commands/issue-certificate-token';
import { inviteMember, joinMember } from '../commands/join-member';
import { renameProfile } from '../commands/rename-profile';
import { renameProject } from '../commands/rename-project';
import { deleteCertificate, updateCertificate } from '../commands/update-certificate';
import { deleteImage, updateImage } from '../commands/update-image';
import { updateProfile } from '../commands/update-profile';
import { updateProject } from '../commands/update-project';
import { updateServer } from '../commands/update-server';
import { updateStoragePool } from '../commands/update-storage-pool';
import { createInstance } from '../commands/create-instance';
import { createSnapshot } from '../commands/create-snapshot';
import { deleteInstance } from '../commands/delete-instance';
import { deleteSnapshot, renameSnapshot, updateSnapshot } from '../commands/change-snapshot';
import { handOverInstance } from '../commands/hand-over';
import { locateInstance } from '../commands/locate-instance';
import { execInstance, openConsole } from '../commands/open-session';
import { cancelOperation, finishOperation } from '../commands/operation-commands';
import { migrateInstance } from '../commands/migrate-instance';
import { migrationPlan } from '../commands/plan-migration';
import { renameInstance } from '../commands/rename-instance';
import { restoreInstance } from '../commands/restore-snapshot';
import { setInstanceState } from '../commands/set-instance-state';
import { setMemberState } from '../commands/set-member-state';
import { setInstancesState } from '../commands/set-instances-state';
import { patchInstance, updateInstance } from '../commands/update-instance';
import type { HandlerMap } from './command-handler';

/**
 * Every command of the service. Adding one: a file in `src/commands` that exports a `CommandHandler`, and its line here
 * (its schema is in `libs/contracts/src/commands.ts`). Keep the groups apart: people edit them at the same time.
 */
export const handlers: HandlerMap = {
  // server, certificates
  'server.update': updateServer,
  'certificate.add': addCertificate,
  'certificate.issue-token': issueCertificateToken,
  'certificate.update': updateCertificate,
  'certificate.delete': deleteCertificate,

  // projects, profiles
  'project.create': createProject,
  'project.update': updateProject,
  'project.rename': renameProject,
  'project.delete': deleteProject,
  'profile.create': createProfile,
  'profile.update': updateProfile,
  'profile.rename': renameProfile,
  'profile.delete': deleteProfile,

  // images, aliases, storage pools
  'image.choose-member': chooseImageMember,
  'image.create': createImage,
  'image.update': updateImage,
  'image.delete': deleteImage,
  'image-alias.create': createImageAlias,
  'image-alias.update': updateImageAlias,
  'image-alias.rename': renameImageAlias,
  'image-alias.delete': deleteImageAlias,
  'storage-pool.update': updateStoragePool,

  // members and their groups
  'member.update': updateMember,
  'member.remove': removeMember,
  'member.invite': inviteMember,
  'member.join': joinMember,
  'member.set-state': setMemberState,
  'cluster-group.create': createClusterGroup,
  'cluster-group.update': updateClusterGroup,
  'cluster-group.rename': renameClusterGroup,
  'cluster-group.delete': deleteClusterGroup,

  // instances, snapshots, operations
  'instance.create': createInstance,
  'instance.hand-over': handOverInstance,
  'instance.update': updateInstance,
  'instance.patch': patchInstance,
  'instance.restore': restoreInstance,
  'instance.rename': renameInstance,
  'instance.delete': deleteInstance,
  'instance.migrate': migrateInstance,
  'instance.migration-plan': migrationPlan,
  'instance.set-state': setInstanceState,
  'instances.set-state': setInstancesState,
  'instance.exec': execInstance,
  'instance.console': openConsole,
  'instance.locate': locateInstance,
  'snapshot.create': createSnapshot,
  'snapshot.update': updateSnapshot,
  'snapshot.rename': renameSnapshot,
  'snapshot.delete': deleteSnapshot,
  'operation.cancel': cancelOperation,
  'operation.finish': finishOperation,
};
