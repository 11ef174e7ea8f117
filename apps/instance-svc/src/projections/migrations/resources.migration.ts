import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tables of the resources. Columns named `head`, `middle` and `tail` are pieces of LXD's JSON document in LXD's field
 * order; the views put them together with what other tables know (used_by, aliases).
 *
 * Foreign keys are checked at commit: one append may remove a project and its default profile, in any order.
 * Constraint names are part of the code: `src/api/constraints.ts` turns them into words.
 */
export class Resources1700000000101 implements MigrationInterface {
  name = 'Resources1700000000101';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(PROJECTS_AND_PROFILES);
    await runner.query(IMAGES);
    await runner.query(POOLS_TRUST_SERVER);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE secret, certificate_token, server_config, certificate, storage_pool, image_location,
      image_alias, image, profile, project`);
  }
}

const PROJECTS_AND_PROFILES = `
CREATE TABLE project (
  id text PRIMARY KEY,
  name text NOT NULL CONSTRAINT project_name UNIQUE,
  config jsonb NOT NULL,
  -- whose profiles and images a project uses: its own or those of 'default'
  owns_profiles boolean NOT NULL,
  owns_images boolean NOT NULL,
  profiles_project text GENERATED ALWAYS AS (CASE WHEN owns_profiles THEN name ELSE 'default' END) STORED,
  images_project text GENERATED ALWAYS AS (CASE WHEN owns_images THEN name ELSE 'default' END) STORED,
  head text NOT NULL,
  etag text NOT NULL);
CREATE TABLE profile (
  id text PRIMARY KEY,
  project text NOT NULL CONSTRAINT profile_project_fk REFERENCES project (name) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
  name text NOT NULL,
  config jsonb NOT NULL,
  devices jsonb NOT NULL,
  head text NOT NULL,
  etag text NOT NULL,
  CONSTRAINT profile_project_name UNIQUE (project, name)) WITH (fillfactor = 70);`;

const IMAGES = `
CREATE TABLE image (
  id text PRIMARY KEY,
  project text NOT NULL CONSTRAINT image_project_fk REFERENCES project (name) DEFERRABLE INITIALLY DEFERRED,
  fingerprint text COLLATE "C" NOT NULL,
  type text NOT NULL,
  architecture text NOT NULL,
  public boolean NOT NULL,
  properties jsonb NOT NULL,
  profiles text[] NOT NULL,
  uploaded_at timestamptz NOT NULL,
  last_used_at timestamptz,
  head text NOT NULL,
  middle text NOT NULL,
  uploaded text NOT NULL,
  etag text NOT NULL,
  CONSTRAINT image_project_fingerprint UNIQUE (project, fingerprint));
CREATE INDEX image_fingerprint ON image (fingerprint);
CREATE TABLE image_alias (
  id text PRIMARY KEY,
  project text NOT NULL CONSTRAINT image_alias_project_fk REFERENCES project (name) DEFERRABLE INITIALLY DEFERRED,
  name text NOT NULL,
  image_id text NOT NULL CONSTRAINT image_alias_image_fk REFERENCES image (id) DEFERRABLE INITIALLY DEFERRED,
  type text NOT NULL,
  target text NOT NULL,
  description text NOT NULL,
  doc text NOT NULL,
  etag text NOT NULL,
  CONSTRAINT image_alias_project_name UNIQUE (project, name));
CREATE INDEX image_alias_image ON image_alias (image_id);
CREATE TABLE image_location (
  fingerprint text NOT NULL,
  member text NOT NULL,
  CONSTRAINT image_location_pk PRIMARY KEY (fingerprint, member));`;

const POOLS_TRUST_SERVER = `
CREATE TABLE storage_pool (
  name text PRIMARY KEY,
  driver text NOT NULL,
  config jsonb NOT NULL,
  head text NOT NULL,
  etag text NOT NULL);
CREATE TABLE certificate (
  fingerprint text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  type text NOT NULL,
  restricted boolean NOT NULL,
  projects text[] NOT NULL,
  doc text NOT NULL,
  etag text NOT NULL);
CREATE TABLE server_config (
  id text PRIMARY KEY,
  doc text NOT NULL,
  etag text NOT NULL);
-- Not projections: what follows is in no event and survives a rebuild. See README, "Secrets".
CREATE TABLE certificate_token (
  operation_id text PRIMARY KEY,
  secret_hash text NOT NULL CONSTRAINT certificate_token_secret UNIQUE,
  expires_at timestamptz);
CREATE TABLE secret (
  key text PRIMARY KEY,
  hash text NOT NULL);`;
