import { grantToGateway } from '@weft/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { networkView } from './network-views.migration';

/** What members have of a network for themselves, and networks that members have told of and that are not made yet. */
export class NetworkMembers1700000001601 implements MigrationInterface {
  name = 'NetworkMembers1700000001601';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(networkView(PENDING));
    await runner.query(MEMBER_VIEW);
    await runner.query(grantToGateway(['network_member_v1']));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP VIEW network_member_v1`);
    await runner.query(networkView(''));
    await runner.query(`DROP TABLE pending_network; ALTER TABLE network DROP COLUMN member_config`);
  }
}

const TABLES = `
ALTER TABLE network ADD COLUMN member_config jsonb NOT NULL DEFAULT '{}';
CREATE TABLE pending_network (
  network_id text PRIMARY KEY,
  project text NOT NULL,
  name text NOT NULL,
  type text NOT NULL,
  status text NOT NULL DEFAULT 'pending',
  description text NOT NULL DEFAULT '',
  config jsonb NOT NULL DEFAULT '{}',
  member_config jsonb NOT NULL,
  CONSTRAINT pending_network_name UNIQUE (project, name));`;

/** Its places are the members that have told of it. */
const PENDING = `
  UNION ALL SELECT p.name, n.name, n.type, n.network_id, json_build_object('config', n.config, 'description', n.description, 'name', n.name, 'type', n.type,
      'used_by', '[]'::json, 'managed', true, 'status', initcap(n.status),
      'locations', ARRAY(SELECT jsonb_object_keys(n.member_config) AS member ORDER BY member))::text, NULL
  FROM project p JOIN pending_network n ON n.project = p.networks_project`;

/** With what one member has for itself. */
const MEMBER_VIEW = `
CREATE VIEW network_member_v1 AS
  SELECT v.project, v.name, m.name AS member,
    jsonb_set(v.doc::jsonb, '{config}', (v.doc::jsonb -> 'config') || coalesce(n.member_config -> m.name, p.member_config -> m.name, '{}'))::text AS doc,
    NULL::text AS etag
  FROM network_v1 v CROSS JOIN member m LEFT JOIN network n USING (network_id) LEFT JOIN pending_network p USING (network_id);`;
