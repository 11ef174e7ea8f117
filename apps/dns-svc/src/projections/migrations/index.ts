import type { MigrationInterface } from 'typeorm';
import { Facts1700000000201 } from './facts.migration';
import { ZoneSecrets1700000000401 } from './secrets.migration';
import { Views1700000000301 } from './views.migration';
import { Zones1700000000101 } from './zones.migration';

/** TypeORM migrations, run in the order of the number at the end of the class names. */
export const migrations: (new () => MigrationInterface)[] = [Zones1700000000101, Facts1700000000201, Views1700000000301, ZoneSecrets1700000000401];
