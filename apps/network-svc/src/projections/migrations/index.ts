import type { MigrationInterface } from 'typeorm';
import { NetworkLookups1700000001501 } from './network-lookups.migration';
import { NetworkMembers1700000001601 } from './network-members.migration';
import { NetworkViews1700000001301 } from './network-views.migration';
import { Networks1700000001101 } from './networks.migration';

/** TypeORM migrations of the read models, run in the order of the number at the end of the class names. */
export const migrations: (new () => MigrationInterface)[] = [
  Networks1700000001101,
  NetworkViews1700000001301,
  NetworkLookups1700000001501,
  NetworkMembers1700000001601,
];
