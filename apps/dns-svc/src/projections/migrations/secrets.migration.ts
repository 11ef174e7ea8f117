import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * TSIG keys, which are in no event: not a projection, and untouched by a rebuild. `full_doc` shows them, for who may
 * change the zone; `owner` is the project that the zone is really in.
 */
export class ZoneSecrets1700000000401 implements MigrationInterface {
  name = 'ZoneSecrets1700000000401';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE zone_secret (
      reference text CONSTRAINT zone_secret_pkey PRIMARY KEY,
      zone_id text NOT NULL,
      key text NOT NULL);
      CREATE INDEX zone_secret_zone ON zone_secret (zone_id)`);
    await runner.query(VIEW);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP VIEW network_zone_v1; DROP TABLE zone_secret');
  }
}

const USED_BY = `',"used_by":[' || coalesce((
      SELECT string_agg(resource_url('/1.0/networks/', n.name, n.project), ',' ORDER BY n.project, n.name)
        FROM network n WHERE n.id IN (SELECT network_id FROM network_zone_use WHERE zone = z.key)), '') || ']}'`;

const VIEW = `
CREATE OR REPLACE VIEW network_zone_v1 AS
  SELECT p.name AS project, z.name, z.key, z.head || ${USED_BY} AS doc,
    z.etag, z.change, z.serial, z.primary_name, z.contact, z.project AS owner,
    '{"description":' || ((z.head || '}')::json -> 'description')::text || ',"config":' || coalesce((
      SELECT json_object_agg(c.option, coalesce(s.key, c.value) ORDER BY c.option COLLATE "C")
        FROM jsonb_each_text(z.config) AS c (option, value) LEFT JOIN zone_secret s ON s.reference = c.value)::text, '{}') ||
      ',"name":' || to_json(z.name)::text || ${USED_BY} AS full_doc
  FROM project p JOIN zone z ON z.project = p.zones_project;`;
