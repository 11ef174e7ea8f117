import { grantToGateway } from '@weft/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DEFAULT_SETTINGS, memberEtag } from '../../domain/member.state';

/** What administrators say of members, and the groups of members. */
export class Members1700000000401 implements MigrationInterface {
  name = 'Members1700000000401';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(VIEWS);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP VIEW cluster_group_v1; DROP TABLE cluster_group;`);
  }
}

/** `head` is LXD's document up to what heartbeats decide. Members that joined before this table had it get the defaults. */
const TABLES = `
CREATE TABLE cluster_group (
  id text PRIMARY KEY,
  name text NOT NULL CONSTRAINT cluster_group_name UNIQUE,
  description text NOT NULL);
ALTER TABLE member
  ADD COLUMN status text NOT NULL DEFAULT 'active',
  ADD COLUMN config jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN groups text[] NOT NULL DEFAULT '{default}',
  ADD COLUMN head text NOT NULL DEFAULT '',
  ADD COLUMN etag text NOT NULL DEFAULT '${memberEtag(DEFAULT_SETTINGS)}';
UPDATE member SET head = '{"roles":["database"],"failure_domain":"default","description":"","config":{},"groups":["default"],"server_name":' || to_json(name)::text;`;

/** `silence`: SQL of the time without a heartbeat after which a member is offline. */
export const memberView = (silence: string): string => `
CREATE OR REPLACE VIEW member_v1 AS
  SELECT name, online,
    head || ',"url":"","database":true,"status":"' ||
      CASE WHEN status = 'evacuated' THEN 'Evacuated' WHEN online THEN 'Online' ELSE 'Offline' END ||
    '","message":"' || CASE
      WHEN status = 'evacuated' THEN 'Unavailable due to maintenance'
      WHEN online THEN 'Fully operational'
      ELSE coalesce('No heartbeat for ' || round(extract(epoch FROM now() - seen_at)) || 's', 'No heartbeat') END ||
    '","architecture":' || to_json(architecture)::text || '}' AS doc,
    coalesce(resources_doc, '{}') AS resources_doc,
    etag
  FROM (
    SELECT member.*, resources_doc, seen_at, coalesce(seen_at > now() - ${silence}, false) AS online
    FROM member LEFT JOIN member_runtime USING (name) WHERE status <> 'removed') AS member;`;

const VIEWS = `${memberView("interval '30 seconds'")}
CREATE VIEW cluster_group_v1 AS
  SELECT name, '{"description":' || to_json(description)::text || ',"members":' || to_json(members)::text || ',"name":' || to_json(name)::text || '}' AS doc,
    description, to_json(members)::text AS members
  FROM (
    SELECT g.name, g.description, ARRAY(SELECT m.name FROM member m WHERE g.name = ANY (m.groups) AND m.status <> 'removed' ORDER BY m.name) AS members
    FROM cluster_group g) AS cluster_group;`;

const GRANTS = grantToGateway(['member_v1', 'cluster_group_v1']);
