import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the logs of other services say: written by their readers, in the transaction of the reader's checkpoint. And what
 * servers refused, which is in no log.
 */
export class Facts1700000000201 implements MigrationInterface {
  name = 'Facts1700000000201';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(FACTS);
    await runner.query(PENDING);
    await runner.query(REFUSALS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE zone_refusal, zone_pending, server_setting, port, network_zone_use, network, project');
  }
}

const FACTS = `
CREATE TABLE project (
  id text CONSTRAINT project_pkey PRIMARY KEY,
  name text NOT NULL,
  zones_project text NOT NULL,
  config jsonb NOT NULL);
CREATE INDEX project_name ON project (name);
CREATE TABLE network (
  id text CONSTRAINT network_pkey PRIMARY KEY,
  project text NOT NULL,
  name text NOT NULL,
  config jsonb NOT NULL);
CREATE TABLE network_zone_use (
  network_id text NOT NULL CONSTRAINT network_zone_use_network_fk REFERENCES network ON DELETE CASCADE,
  zone text NOT NULL,
  kind text NOT NULL,
  place int NOT NULL,
  CONSTRAINT network_zone_use_pkey PRIMARY KEY (network_id, kind, place));
CREATE INDEX network_zone_use_zone ON network_zone_use (zone);
CREATE TABLE port (
  instance_id text NOT NULL,
  device text NOT NULL,
  instance_name text NOT NULL,
  project text NOT NULL,
  network_id text NOT NULL,
  addresses inet[] NOT NULL,
  CONSTRAINT port_pkey PRIMARY KEY (instance_id, device));
CREATE INDEX port_network ON port (network_id, lower(instance_name));
CREATE INDEX port_addresses ON port USING gin (addresses);
CREATE TABLE server_setting (
  key text CONSTRAINT server_setting_pkey PRIMARY KEY,
  value text NOT NULL);`;

/** Owners of zones whose content must be looked at again; no owner means all of them. A key without a payload. */
const PENDING = `
CREATE TABLE zone_pending (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT zone_pending_pkey PRIMARY KEY,
  zone text NOT NULL,
  owner text,
  cause text NOT NULL);
CREATE INDEX zone_pending_zone ON zone_pending (zone, id);`;

const REFUSALS = `
CREATE TABLE zone_refusal (
  zone text NOT NULL,
  what text NOT NULL,
  reason text NOT NULL,
  address text NOT NULL,
  key_name text NOT NULL,
  explanation text NOT NULL,
  count bigint NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  CONSTRAINT zone_refusal_pkey PRIMARY KEY (zone, what, reason, address, key_name));`;
