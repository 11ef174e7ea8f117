import { grantToGateway, RESOURCE_URL_FUNCTIONS } from '@weft/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { serverEtag } from '../../domain/server.state';

/**
 * What the gateway reads about resources. A project without its own profiles or images shows those of `default`, so a
 * reader asks for the project that the client named and needs no second query. Through such a project, used_by names
 * only its own instances: a client restricted to it must not learn of others.
 */
export class ResourceViews1700000000301 implements MigrationInterface {
  name = 'ResourceViews1700000000301';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RESOURCE_URL_FUNCTIONS);
    await runner.query(PROJECTS_AND_PROFILES);
    await runner.query(IMAGES);
    await runner.query(STORAGE);
    await runner.query(TRUST_AND_SERVER);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP VIEW server_v1, certificate_v1, storage_volume_v1, storage_pool_v1, image_alias_v1, image_v1, profile_v1, project_v1;
      DROP FUNCTION resource_url, url_path`);
  }
}

const PROJECTS_AND_PROFILES = `
CREATE VIEW project_v1 AS
  SELECT p.name, p.head || ',"name":' || to_json(p.name)::text || ',"used_by":[' || coalesce((
      SELECT string_agg(resource_url(path, used.name, p.name), ',' ORDER BY place, used.name) FROM (
        SELECT 1 AS place, '/1.0/instances/' AS path, name FROM instance WHERE project = p.name
        UNION ALL SELECT 2, '/1.0/profiles/', name FROM profile WHERE project = p.name
        UNION ALL SELECT 3, '/1.0/images/', fingerprint FROM image WHERE project = p.name) AS used), '') || ']}' AS doc,
    p.etag
  FROM project p;
CREATE VIEW profile_v1 AS
  SELECT p.name AS project, r.name, r.head || ',"name":' || to_json(r.name)::text || ',"used_by":[' || coalesce((
      SELECT string_agg(resource_url('/1.0/instances/', i.name, i.project), ',' ORDER BY i.project, i.name)
        FROM instance_profile u JOIN instance i ON i.id = u.instance_id
        WHERE u.profile_id = r.id AND (p.name = r.project OR i.project = p.name)), '') || ']}' AS doc,
    r.etag
  FROM project p JOIN profile r ON r.project = p.profiles_project;`;

const IMAGES = `
CREATE VIEW image_v1 AS
  SELECT p.name AS project, i.fingerprint, i.public, i.head || ',"aliases":[' || coalesce((
      SELECT string_agg('{"name":' || to_json(a.name)::text || ',"description":' || to_json(a.description)::text || '}', ',' ORDER BY a.name)
        FROM image_alias a WHERE a.image_id = i.id), '') || '],' || i.middle ||
      ',"last_used_at":"' || coalesce(to_char(i.last_used_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '0001-01-01T00:00:00Z') ||
      '","uploaded_at":"' || i.uploaded || '"}' AS doc,
    i.etag
  FROM project p JOIN image i ON i.project = p.images_project;
CREATE VIEW image_alias_v1 AS
  SELECT p.name AS project, a.name, a.type, a.target, a.doc, a.etag
  FROM project p JOIN image_alias a ON a.project = p.images_project;`;

/** The only pool holds every root disk; images count as its volumes on the members that have unpacked them. */
const STORAGE = `
CREATE VIEW storage_pool_v1 AS
  SELECT s.name, s.head || ',"used_by":[' || coalesce((
      SELECT string_agg(resource_url(path, used.name, project), ',' ORDER BY place, project, used.name) FROM (
        SELECT 1 AS place, '/1.0/instances/' AS path, name, project FROM instance WHERE s.name = 'default'
        UNION ALL SELECT 2, '/1.0/profiles/', name, project FROM profile
          WHERE jsonb_path_exists(devices, '$.*.pool ? (@ == $pool)', jsonb_build_object('pool', s.name))) AS used), '') ||
    '],"status":"Created","locations":[' || coalesce((SELECT string_agg(to_json(name)::text, ',' ORDER BY name) FROM member), '"none"') || ']}' AS doc,
    s.etag
  FROM storage_pool s;
CREATE VIEW storage_volume_v1 AS
  SELECT project, 'default'::text AS pool, type, name,
    '{"config":{},"description":"","name":' || to_json(name)::text || ',"type":"' || type || '","used_by":[' || used_by || '],"location":' || to_json(member)::text ||
    ',"content_type":"' || CASE type WHEN 'virtual-machine' THEN 'block' ELSE 'filesystem' END || '","project":' || to_json(project)::text ||
    ',"created_at":"' || coalesce(to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '0001-01-01T00:00:00Z') || '"}' AS doc
  FROM (
    SELECT project, type, name, member, NULL::timestamptz AS created_at, resource_url('/1.0/instances/', name, project) AS used_by FROM instance
    UNION ALL
    SELECT i.project, i.type, i.name || '/' || s.name, i.member, s.created_at, resource_url('/1.0/instances/' || url_path(i.name) || '/snapshots/', s.name, i.project)
      FROM snapshot s JOIN instance i ON i.id = s.instance_id
    UNION ALL
    SELECT m.project, 'image', m.fingerprint, l.member, m.uploaded_at, resource_url('/1.0/images/', m.fingerprint, m.project)
      FROM image m JOIN image_location l USING (fingerprint)) AS volume;`;

const TRUST_AND_SERVER = `
CREATE VIEW certificate_v1 AS SELECT fingerprint, name, type, restricted, projects, doc, etag FROM certificate;
CREATE VIEW server_v1 AS
  SELECT coalesce(c.doc, '{}') AS config_doc, coalesce(c.etag, '${serverEtag({ config: {} })}') AS etag
  FROM (SELECT 'server'::text AS id) AS one LEFT JOIN server_config c USING (id);`;

const GRANTS = grantToGateway([
  'project_v1',
  'profile_v1',
  'image_v1',
  'image_alias_v1',
  'storage_pool_v1',
  'storage_volume_v1',
  'certificate_v1',
  'server_v1',
]);
