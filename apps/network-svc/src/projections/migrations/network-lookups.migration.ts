import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lets a change find its neighbours without looking at everybody: who overlaps, who uses an ACL, who has routes. */
export class NetworkLookups1700000001501 implements MigrationInterface {
  name = 'NetworkLookups1700000001501';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE network ADD COLUMN ipv4 inet GENERATED ALWAYS AS (${subnet('ipv4.address')}) STORED;
      ALTER TABLE network ADD COLUMN ipv6 inet GENERATED ALWAYS AS (${subnet('ipv6.address')}) STORED;
      ALTER TABLE forward ADD COLUMN listen inet GENERATED ALWAYS AS (listen_address::inet) STORED;
      CREATE INDEX network_ipv4 ON network USING gist (ipv4 inet_ops);
      CREATE INDEX network_ipv6 ON network USING gist (ipv6 inet_ops);
      CREATE INDEX forward_listen ON forward USING gist (listen inet_ops);
      CREATE INDEX network_acls ON network USING gin (string_to_array(replace(config ->> 'security.acls', ' ', ''), ','));
      CREATE INDEX port_external ON port (network_id) WHERE external_routes <> '{}';
      CREATE INDEX port_routed ON port (network_id)
        WHERE active AND nic ?| ARRAY['ipv4.routes', 'ipv6.routes', 'ipv4.routes.external', 'ipv6.routes.external'];`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX port_routed, port_external, network_acls, forward_listen, network_ipv6, network_ipv4;
      ALTER TABLE forward DROP COLUMN listen;
      ALTER TABLE network DROP COLUMN ipv4, DROP COLUMN ipv6;`);
  }
}

/** `none` and nothing at all are no subnets. */
const subnet = (key: string): string => `CASE WHEN config ->> '${key}' LIKE '%/%' THEN network((config ->> '${key}')::inet) END`;
