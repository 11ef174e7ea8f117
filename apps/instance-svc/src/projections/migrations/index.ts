import type { MigrationInterface } from 'typeorm';
import { Instances1700000000201 } from './instances.migration';
import { Members1700000000401 } from './members.migration';
import { OfflineThreshold1700000000402 } from './offline-threshold.migration';
import { Resources1700000000101 } from './resources.migration';
import { ResourceViews1700000000301 } from './resource-views.migration';

/**
 * TypeORM migrations of the read models, run in the order of the number at the end of the class names. 1xx: resources;
 * 2xx: members, operations, instances (they refer to resources).
 */
export const migrations: (new () => MigrationInterface)[] = [
  // resources
  Resources1700000000101,

  // instances
  Instances1700000000201,

  // views over both
  ResourceViews1700000000301,

  // members and their groups
  Members1700000000401,
  OfflineThreshold1700000000402,
];
