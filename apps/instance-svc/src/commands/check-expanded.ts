import type { Devices, InstanceType } from '@weft/contracts';
import { checkRestrictions } from '../domain/project.restrictions';
import type { ProjectFacts } from '../domain/resource-facts';
import { checkRoot } from './plan-instance';

/**
 * What an instance ends up with, profiles included: one root disk, and nothing that its project forbids. Every path
 * that gives an instance its configuration passes here: create, copy, update, restore.
 */
export function checkExpanded(project: ProjectFacts, type: InstanceType, expanded: { config: Record<string, string>; devices: Devices }): void {
  checkRoot(expanded.devices);
  checkRestrictions(project, { type, ...expanded });
}
