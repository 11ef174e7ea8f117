import { grantToGateway } from '@weft/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Members, operations, instances. Text columns hold LXD's JSON ready to be sent: `doc_open` is a document without its
 * closing brace, so that a view can add what other tables know without parsing anything.
 *
 * Constraint names are part of the code: `src/api/constraints.ts` turns them into words.
 */
export class Instances1700000000201 implements MigrationInterface {
  name = 'Instances1700000000201';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(MEMBERS_AND_OPERATIONS);
    await runner.query(INSTANCES);
    await runner.query(VIEWS);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP VIEW instance_v1, snapshot_v1, operation_v1, member_v1;
      DROP TABLE instance_runtime, snapshot, instance_profile, instance, operation, member_runtime, member`);
  }
}

const MEMBERS_AND_OPERATIONS = `
CREATE TABLE member (
  name text PRIMARY KEY,
  architecture text NOT NULL);
-- Not projections: what hosts reported last. Lost in a crash of the database and soon there again.
CREATE UNLOGGED TABLE member_runtime (
  name text PRIMARY KEY,
  boot_id text NOT NULL,
  seen_at timestamptz NOT NULL,
  -- the heartbeat without instances
  resources_doc text NOT NULL) WITH (fillfactor = 50);
CREATE UNLOGGED TABLE instance_runtime (
  id text PRIMARY KEY,
  -- LXD's instance state without status, status_code and braces
  usage text NOT NULL) WITH (fillfactor = 50);
CREATE TABLE operation (
  id text PRIMARY KEY,
  project text NOT NULL,
  class text NOT NULL,
  status_code int NOT NULL,
  doc text NOT NULL,
  member text NOT NULL,
  deadline_at bigint,
  carrier_member text,
  carrier_boot_id text,
  saga_type text,
  updated_at timestamptz NOT NULL) WITH (fillfactor = 70);
CREATE INDEX operation_under_way ON operation (status_code) WHERE status_code < 200;
CREATE INDEX operation_updated_at ON operation (updated_at);`;

const INSTANCES = `
CREATE TABLE instance (
  id text PRIMARY KEY,
  project text NOT NULL CONSTRAINT instance_project_fk REFERENCES project (name),
  name text NOT NULL,
  type text NOT NULL,
  member text NOT NULL,
  status text NOT NULL,
  status_text text NOT NULL,
  status_code int NOT NULL,
  epoch int NOT NULL,
  -- an operation holds it
  locked boolean NOT NULL,
  -- its host's end stopped it: it shall run again
  comes_back boolean NOT NULL,
  -- the aggregate, as its events folded to it
  state text NOT NULL,
  -- what a driver needs to run it
  spec text NOT NULL,
  doc_open text NOT NULL,
  snapshots_doc text NOT NULL,
  etag text NOT NULL,
  CONSTRAINT instance_project_name UNIQUE (project, name)) WITH (fillfactor = 70);
CREATE INDEX instance_member ON instance (member);
CREATE TABLE instance_profile (
  instance_id text NOT NULL CONSTRAINT instance_profile_instance_fk REFERENCES instance (id) ON DELETE CASCADE,
  profile_id text NOT NULL CONSTRAINT instance_profile_profile_fk REFERENCES profile (id),
  place int NOT NULL,
  PRIMARY KEY (instance_id, profile_id));
CREATE INDEX instance_profile_profile ON instance_profile (profile_id);
CREATE TABLE snapshot (
  id text PRIMARY KEY,
  instance_id text NOT NULL CONSTRAINT snapshot_instance_fk REFERENCES instance (id) ON DELETE CASCADE,
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  doc text NOT NULL,
  etag text NOT NULL);
CREATE INDEX snapshot_instance ON snapshot (instance_id);`;

const NO_USAGE = `"disk":{},"memory":{"usage":0,"usage_peak":0,"swap_usage":0,"swap_usage_peak":0},"network":null,"pid":0,"processes":0,"cpu":{"usage":0}`;

const VIEWS = `
CREATE VIEW instance_v1 AS
  SELECT project, name, id, type, member, status_text AS status, doc_open || '}' AS doc,
    doc_open || ',"backups":null,"state":' || state_doc || ',"snapshots":' || snapshots_doc || '}' AS full_doc, state_doc, etag
  FROM (
    SELECT instance.*, '{"status":"' || status_text || '","status_code":' || status_code || ',' ||
      coalesce(CASE WHEN status_code <> 102 THEN usage END, '${NO_USAGE}') || '}' AS state_doc
    FROM instance LEFT JOIN instance_runtime USING (id)) AS instance;
CREATE VIEW snapshot_v1 AS
  SELECT instance.project, instance.name AS instance, snapshot.name, snapshot.doc, snapshot.etag, snapshot.created_at
  FROM snapshot JOIN instance ON instance.id = snapshot.instance_id;
CREATE VIEW operation_v1 AS
  SELECT id, project, class, status_code, doc, member, updated_at FROM operation;
CREATE VIEW member_v1 AS
  SELECT name, online,
    '{"roles":["database"],"failure_domain":"default","description":"","config":{},"groups":["default"],"server_name":' || to_json(name)::text ||
    ',"url":"","database":true,"status":"' || CASE WHEN online THEN 'Online' ELSE 'Offline' END ||
    '","message":"' || CASE WHEN online THEN 'Fully operational' ELSE 'No heartbeat' END ||
    '","architecture":' || to_json(architecture)::text || '}' AS doc,
    coalesce(resources_doc, '{}') AS resources_doc
  FROM (
    SELECT member.*, resources_doc, coalesce(seen_at > now() - interval '30 seconds', false) AS online
    FROM member LEFT JOIN member_runtime USING (name)) AS member;`;

const GRANTS = grantToGateway(['instance_v1', 'snapshot_v1', 'operation_v1', 'member_v1']);
