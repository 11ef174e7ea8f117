import { WeftError, type Devices, type InstanceType } from '@weft/contracts';
import { rootDisk } from '../domain/device-types';
import { checkRestrictions } from '../domain/project.restrictions';
import type { ProjectFacts } from '../domain/resource-facts';

/**
 * What an instance ends up with, profiles included: one root disk, and nothing that its project forbids. Every path
 * that gives an instance its configuration passes here: create, copy, update, restore.
 */
export function checkExpanded(project: ProjectFacts, type: InstanceType, expanded: { config: Record<string, string>; devices: Devices }): void {
  checkRoot(expanded.devices);
  checkRestrictions(project, { type, ...expanded });
}

/** The one storage pool so far; more come with a later issue. */
const POOL = 'default';

function checkRoot(devices: Devices): void {
  const { disk } = rootDisk(devices);
  if (disk.pool !== POOL) throw new WeftError('storage-pool.not-found', `Storage pool "${disk.pool}" not found`);
}
