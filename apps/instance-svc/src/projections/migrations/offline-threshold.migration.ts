import { grantToGateway } from '@weft/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { OFFLINE_THRESHOLD_KEY } from '../../domain/server.config-keys';
import { memberView } from './members.migration';

/** Seconds; LXD's default of cluster.offline_threshold. */
const DEFAULT_SECONDS = 20;

/** A member is shown as offline when placement treats it as offline: after `cluster.offline_threshold`. */
export class OfflineThreshold1700000000402 implements MigrationInterface {
  name = 'OfflineThreshold1700000000402';

  async up(runner: QueryRunner): Promise<void> {
    const seconds = `coalesce((SELECT (doc::json ->> '${OFFLINE_THRESHOLD_KEY}')::int FROM server_config), ${DEFAULT_SECONDS})`;
    await runner.query(memberView(`make_interval(secs => ${seconds})`));
    await runner.query(grantToGateway(['member_v1']));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(memberView("interval '30 seconds'"));
  }
}
