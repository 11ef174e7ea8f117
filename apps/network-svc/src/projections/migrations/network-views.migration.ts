import { grantToGateway, RESOURCE_URL_FUNCTIONS } from '@weft/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the gateway reads, ready as LXD's JSON. A project without networks of its own shows those of `default`, so a
 * reader asks for the project that the client named. Through such a project, used_by names only what is in it: a client
 * restricted to it must not learn of others.
 */
export class NetworkViews1700000001301 implements MigrationInterface {
  name = 'NetworkViews1700000001301';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RESOURCE_URL_FUNCTIONS);
    await runner.query(NETWORK_USAGE);
    await runner.query(networkView(''));
    await runner.query(ACL_AND_FORWARD);
    await runner.query(PEER);
    await runner.query(LEASE);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP VIEW network_lease_v1, network_peer_group_v1, network_peer_v1, network_forward_v1, network_acl_v1, network_v1;
      DROP VIEW network_usage, acl_usage; DROP FUNCTION resource_url, url_path`);
  }
}

/** A network's users: instances, profiles, linked peers, and for an uplink the networks on it. */
const NETWORK_USAGE = `
CREATE VIEW network_usage AS
  SELECT o.network_id, 1 AS place, '/1.0/networks/'::text AS path, u.name, u.project FROM network u JOIN network o ON o.network_id = u.uplink_id
  UNION ALL SELECT p.network_id, 1, '/1.0/networks/', o.name, o.project FROM peer p JOIN network o ON o.network_id = p.other_network_id WHERE p.status = 'created'
  UNION ALL SELECT DISTINCT p.network_id, 2, '/1.0/instances/', coalesce(i.name, p.instance_name), p.project
    FROM port p LEFT JOIN instance_name i ON i.id = p.instance_id
  UNION ALL SELECT n.network_id, 3, '/1.0/profiles/', r.name, r.project
    FROM profile r JOIN project q ON q.name = r.project JOIN network n ON n.project = q.networks_project AND r.networks @> ARRAY[n.name];
`;

/** `rest`: what else is listed. */
export const networkView = (rest: string): string => `
CREATE OR REPLACE VIEW network_v1 AS
  SELECT p.name AS project, n.name, n.type, n.network_id, n.head || ',"name":' || to_json(n.name)::text || ',"type":"' || n.type || '","used_by":[' || coalesce((
      SELECT string_agg(resource_url(u.path, u.name, u.project), ',' ORDER BY u.place, u.project, u.name) FROM network_usage u
       WHERE u.network_id = n.network_id AND (p.name = n.project OR u.project = p.name)), '') ||
    '],"managed":true,"status":"Created","locations":[' || coalesce((SELECT string_agg(to_json(name)::text, ',' ORDER BY name) FROM member), '"none"') || ']}' AS doc,
    n.etag
  FROM project p JOIN network n ON n.project = p.networks_project ${rest};`;

const ACL_AND_FORWARD = `
CREATE VIEW acl_usage AS
  SELECT a.acl_id, 1 AS place, '/1.0/networks/'::text AS path, n.name, n.project
    FROM acl a JOIN network n ON n.project = a.project AND string_to_array(replace(n.config ->> 'security.acls', ' ', ''), ',') @> ARRAY[a.name]
  UNION ALL SELECT DISTINCT a.acl_id, 2, '/1.0/instances/', coalesce(i.name, p.instance_name), p.project
    FROM acl a JOIN port p ON p.acls @> ARRAY[a.name] JOIN network n ON n.network_id = p.network_id AND n.project = a.project
    LEFT JOIN instance_name i ON i.id = p.instance_id
  UNION ALL SELECT a.acl_id, 3, '/1.0/profiles/', r.name, r.project
    FROM acl a JOIN profile r ON r.acls @> ARRAY[a.name] JOIN project q ON q.name = r.project AND q.networks_project = a.project
  UNION ALL SELECT a.acl_id, 4, '/1.0/network-acls/', o.name, o.project
    FROM acl a JOIN acl o ON o.project = a.project AND o.mentions @> ARRAY[a.name] AND o.acl_id <> a.acl_id;
CREATE VIEW network_acl_v1 AS
  SELECT p.name AS project, a.name, '{"name":' || to_json(a.name)::text || a.head || ',"used_by":[' || coalesce((
      SELECT string_agg(resource_url(u.path, u.name, u.project), ',' ORDER BY u.place, u.project, u.name) FROM acl_usage u
       WHERE u.acl_id = a.acl_id AND (p.name = a.project OR u.project = p.name)), '') || ']}' AS doc, a.etag
  FROM project p JOIN acl a ON a.project = p.networks_project;
CREATE VIEW network_forward_v1 AS
  SELECT p.name AS project, n.name AS network, f.listen_address, f.doc, f.etag
  FROM project p JOIN network n ON n.project = p.networks_project JOIN forward f ON f.network_id = n.network_id;`;

/** An errored peer shows no target: whoever was there has taken back that it may be seen. */
const PEER = `
CREATE VIEW network_peer_v1 AS
  SELECT p.name AS project, n.name AS network, e.name, '{"description":' || to_json(e.description)::text || ',"config":' || e.config::text ||
    ',"name":' || to_json(e.name)::text ||
    ',"target_project":' || to_json(CASE e.status WHEN 'errored' THEN '' ELSE e.target_project END)::text ||
    ',"target_network":' || to_json(CASE e.status WHEN 'errored' THEN '' ELSE e.target_network END)::text ||
    ',"status":"' || initcap(e.status) || '","used_by":[' || coalesce((
      SELECT string_agg(resource_url('/1.0/network-acls/', a.name, a.project), ',' ORDER BY a.name)
        FROM acl a WHERE a.project = n.project AND a.mentions @> ARRAY['@' || n.name || '/' || e.name]), '') || ']}' AS doc, e.etag
  FROM project p JOIN network n ON n.project = p.networks_project JOIN peer e ON e.network_id = n.network_id;
CREATE VIEW network_peer_group_v1 AS
  SELECT p.name AS project, g.name, g.head || ',"name":' || to_json(g.name)::text || ',"networks":[' || coalesce((
      SELECT string_agg(to_json(n.project || '/' || n.name)::text, ',' ORDER BY n.project, n.name) FROM network n WHERE n.network_id = ANY (g.members)), '') || ']}' AS doc, g.etag
  FROM project p JOIN peer_group g ON g.project = p.networks_project;`;

const LEASE = `
CREATE VIEW network_lease_v1 AS
  SELECT p.name AS project, n.name AS network, 1 AS place, n.name AS hostname, split_part(n.config ->> key, '/', 1) AS address,
    '{"hostname":' || to_json(n.name || '.gw')::text || ',"hwaddr":"","address":"' || split_part(n.config ->> key, '/', 1) || '","type":"gateway","location":""}' AS doc
  FROM project p JOIN network n ON n.project = p.networks_project AND n.type = 'ovn' AND p.name = n.project
  CROSS JOIN unnest(ARRAY['ipv4.address', 'ipv6.address']) AS key
  WHERE coalesce(n.config ->> key, 'none') <> 'none'
  UNION ALL
  SELECT o.project, n.name, 2, coalesce(i.name, o.instance_name), a.address,
    '{"hostname":' || to_json(coalesce(i.name, o.instance_name))::text || ',"hwaddr":"' || o.hwaddr || '","address":"' || a.address || '","type":"' ||
    CASE WHEN o.nic ? ('ipv' || a.family || '.address') THEN 'static' ELSE 'dynamic' END || '","location":' || to_json(coalesce(o.members[1], ''))::text || '}'
  FROM port o JOIN network n ON n.network_id = o.network_id JOIN port_address a ON a.port_id = o.port_id LEFT JOIN instance_name i ON i.id = o.instance_id;`;

const GRANTS = grantToGateway(['network_v1', 'network_acl_v1', 'network_forward_v1', 'network_peer_v1', 'network_peer_group_v1', 'network_lease_v1']);
