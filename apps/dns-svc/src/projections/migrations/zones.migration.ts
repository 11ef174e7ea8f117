import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the service's own log folds into: zones, custom records, the content that is served, and every change of it. */
export class Zones1700000000101 implements MigrationInterface {
  name = 'Zones1700000000101';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ZONES);
    await runner.query(RECORDS);
    await runner.query(CONTENT);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE zone_last_serial, zone_change, zone_content, zone_record, zone_tsig_key, zone');
  }
}

/** `key`: the absolute name in lower case. `head`: LXD's document up to the name, ready to be sent. */
const ZONES = `
CREATE TABLE zone (
  id text CONSTRAINT zone_pkey PRIMARY KEY,
  project text NOT NULL,
  name text NOT NULL,
  key text NOT NULL CONSTRAINT zone_key UNIQUE,
  kind text NOT NULL,
  config jsonb NOT NULL,
  head text NOT NULL,
  etag text NOT NULL,
  change bigint NOT NULL DEFAULT 0,
  serial bigint NOT NULL DEFAULT 0,
  primary_name text NOT NULL DEFAULT '',
  contact text NOT NULL DEFAULT '');
CREATE INDEX zone_project ON zone (project, name);
CREATE TABLE zone_tsig_key (
  name text CONSTRAINT zone_tsig_key_name PRIMARY KEY,
  zone_id text NOT NULL CONSTRAINT zone_tsig_key_zone_fk REFERENCES zone ON DELETE CASCADE);
CREATE INDEX zone_tsig_key_zone ON zone_tsig_key (zone_id);`;

/** `owner`: the absolute name of the record in lower case, which is what must be unique. */
const RECORDS = `
CREATE TABLE zone_record (
  id text CONSTRAINT zone_record_pkey PRIMARY KEY,
  zone_id text NOT NULL CONSTRAINT zone_record_zone_fk REFERENCES zone ON DELETE CASCADE,
  name text NOT NULL,
  owner text NOT NULL,
  entries jsonb NOT NULL,
  doc text NOT NULL,
  etag text NOT NULL,
  CONSTRAINT zone_record_owner UNIQUE (zone_id, owner));`;

/** Values may be longer than an index allows: their hash tells them apart. */
const CONTENT = `
CREATE TABLE zone_content (
  zone_id text NOT NULL CONSTRAINT zone_content_zone_fk REFERENCES zone ON DELETE CASCADE,
  owner text NOT NULL,
  name text NOT NULL,
  ttl bigint NOT NULL,
  type text NOT NULL,
  value text NOT NULL);
CREATE UNIQUE INDEX zone_content_record ON zone_content (zone_id, owner, type, md5(value));
CREATE TABLE zone_change (
  zone_id text NOT NULL CONSTRAINT zone_change_zone_fk REFERENCES zone ON DELETE CASCADE,
  change bigint NOT NULL,
  serial bigint NOT NULL,
  at timestamptz NOT NULL,
  event_id text NOT NULL,
  cause text,
  primary_name text NOT NULL,
  contact text NOT NULL,
  removed jsonb NOT NULL,
  added jsonb NOT NULL,
  CONSTRAINT zone_change_pkey PRIMARY KEY (zone_id, change));
CREATE TABLE zone_last_serial (
  key text CONSTRAINT zone_last_serial_pkey PRIMARY KEY,
  serial bigint NOT NULL);`;
