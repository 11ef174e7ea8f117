import type { MigrationInterface } from 'typeorm';

/**
 * TypeORM migrations of the read models, run in the order of the number at the end of the class names. 1xx: resources;
 * 2xx: members, operations, instances (they refer to resources).
 */
export const migrations: (new () => MigrationInterface)[] = [
  // resources

  // instances
];
