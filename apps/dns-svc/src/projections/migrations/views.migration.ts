import { grantToGateway, RESOURCE_URL_FUNCTIONS } from '@weft/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the gateway reads. A project without networks of its own shows the zones of `default`, so a reader asks for the
 * project that the client named and needs no second query.
 */
export class Views1700000000301 implements MigrationInterface {
  name = 'Views1700000000301';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RESOURCE_URL_FUNCTIONS);
    await runner.query(ZONES);
    await runner.query(HISTORY);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP VIEW network_zone_refusal_v1, network_zone_change_v1, network_zone_record_v1, network_zone_v1;
      DROP FUNCTION resource_url, url_path`);
  }
}

/** used_by are the networks that publish their names in the zone, of whatever project. */
const ZONES = `
CREATE VIEW network_zone_v1 AS
  SELECT p.name AS project, z.name, z.key, z.head || ',"used_by":[' || coalesce((
      SELECT string_agg(resource_url('/1.0/networks/', n.name, n.project), ',' ORDER BY n.project, n.name)
        FROM network n WHERE n.id IN (SELECT network_id FROM network_zone_use WHERE zone = z.key)), '') || ']}' AS doc,
    z.etag, z.change, z.serial, z.primary_name, z.contact
  FROM project p JOIN zone z ON z.project = p.zones_project;
CREATE VIEW network_zone_record_v1 AS
  SELECT p.name AS project, z.name AS zone, r.name, r.doc, r.etag
  FROM project p JOIN zone z ON z.project = p.zones_project JOIN zone_record r ON r.zone_id = z.id;`;

const HISTORY = `
CREATE VIEW network_zone_change_v1 AS
  SELECT p.name AS project, z.name AS zone, c.change, c.serial, c.at, c.event_id, c.cause, c.primary_name, c.contact, c.removed, c.added
  FROM project p JOIN zone z ON z.project = p.zones_project JOIN zone_change c ON c.zone_id = z.id;
CREATE VIEW network_zone_refusal_v1 AS
  SELECT p.name AS project, z.name AS zone, r.what, r.reason, r.address, r.key_name, r.explanation, r.count, r.first_at, r.last_at
  FROM project p JOIN zone z ON z.project = p.zones_project JOIN zone_refusal r ON r.zone = z.key;`;

const GRANTS = grantToGateway(['network_zone_v1', 'network_zone_record_v1', 'network_zone_change_v1', 'network_zone_refusal_v1']);
