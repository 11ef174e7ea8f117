import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tables of the networks. Columns named `head` are the first piece of LXD's JSON document in LXD's field order; the views put
 * it together with what other tables know. Constraint names are part of the code: `src/api/constraints.ts`
 * turns them into words. Foreign keys are checked at commit: one append may delete a network and its forwards.
 */
export class Networks1700000001101 implements MigrationInterface {
  name = 'Networks1700000001101';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(NETWORKS);
    await runner.query(ACLS_AND_FORWARDS);
    await runner.query(PEERS);
    await runner.query(PORTS);
    await runner.query(CONSUMED);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE member, instance_name, profile, project, port_address, port, peer_group, peer, forward, acl, uplink_address, used_number, network`,
    );
  }
}

const NETWORKS = `
CREATE TABLE network (
  network_id text PRIMARY KEY,
  project text NOT NULL,
  name text NOT NULL,
  number int NOT NULL,
  type text NOT NULL,
  uplink_id text CONSTRAINT network_uplink_fk REFERENCES network (network_id) DEFERRABLE INITIALLY DEFERRED,
  description text NOT NULL,
  config jsonb NOT NULL,
  head text NOT NULL,
  etag text NOT NULL,
  -- counts the changes of the network itself; what OVN's rows carry
  version int NOT NULL,
  CONSTRAINT network_project_name UNIQUE (project, name)) WITH (fillfactor = 70);
CREATE INDEX network_uplink ON network (uplink_id);
-- N and A in the names of OVN's rows. A number is never used again, so rows stay when their owner goes.
CREATE TABLE used_number (
  kind text NOT NULL,
  number int NOT NULL,
  CONSTRAINT used_number_unique PRIMARY KEY (kind, number));
-- Single addresses on an uplink: of routers, NAT and forwards.
CREATE TABLE uplink_address (
  uplink_id text NOT NULL,
  address text NOT NULL,
  owner_id text NOT NULL,
  CONSTRAINT uplink_address_unique PRIMARY KEY (uplink_id, address));
CREATE INDEX uplink_address_owner ON uplink_address (owner_id);`;

const ACLS_AND_FORWARDS = `
CREATE TABLE acl (
  acl_id text PRIMARY KEY,
  project text NOT NULL,
  name text NOT NULL,
  number int NOT NULL,
  description text NOT NULL,
  config jsonb NOT NULL,
  ingress jsonb NOT NULL,
  egress jsonb NOT NULL,
  -- names of other ACLs and @network/peer that its rules mention
  mentions text[] NOT NULL,
  head text NOT NULL,
  etag text NOT NULL,
  CONSTRAINT acl_project_name UNIQUE (project, name)) WITH (fillfactor = 70);
CREATE INDEX acl_mentions ON acl USING gin (mentions);
CREATE TABLE forward (
  forward_id text PRIMARY KEY,
  network_id text NOT NULL CONSTRAINT forward_network_fk REFERENCES network (network_id) DEFERRABLE INITIALLY DEFERRED,
  listen_address text NOT NULL,
  config jsonb NOT NULL,
  ports jsonb NOT NULL,
  doc text NOT NULL,
  etag text NOT NULL,
  CONSTRAINT forward_network_address UNIQUE (network_id, listen_address));`;

const PEERS = `
CREATE TABLE peer (
  peer_id text PRIMARY KEY,
  pairing_id text NOT NULL,
  network_id text NOT NULL CONSTRAINT peer_network_fk REFERENCES network (network_id) DEFERRABLE INITIALLY DEFERRED,
  name text NOT NULL,
  status text NOT NULL,
  -- the network at the other end, once linked
  other_network_id text,
  group_id text,
  description text NOT NULL,
  config jsonb NOT NULL,
  target_project text NOT NULL,
  target_network text NOT NULL,
  etag text NOT NULL,
  CONSTRAINT peer_network_name UNIQUE (network_id, name)) WITH (fillfactor = 70);
CREATE INDEX peer_other ON peer (other_network_id);
CREATE INDEX peer_pairing ON peer (pairing_id);
CREATE TABLE peer_group (
  group_id text PRIMARY KEY,
  project text NOT NULL,
  name text NOT NULL,
  members text[] NOT NULL,
  head text NOT NULL,
  etag text NOT NULL,
  CONSTRAINT peer_group_project_name UNIQUE (project, name));`;

const PORTS = `
CREATE TABLE port (
  port_id text PRIMARY KEY,
  instance_id text NOT NULL,
  instance_name text NOT NULL,
  project text NOT NULL,
  device text NOT NULL,
  network_id text NOT NULL CONSTRAINT port_network_fk REFERENCES network (network_id) DEFERRABLE INITIALLY DEFERRED,
  type text NOT NULL,
  hwaddr text NOT NULL,
  guest_name text NOT NULL,
  interface_id text NOT NULL,
  nic jsonb NOT NULL,
  acls text[] NOT NULL,
  -- subnets that are routed to the NIC from outside
  external_routes text[] NOT NULL,
  active boolean NOT NULL,
  members text[] NOT NULL,
  CONSTRAINT port_hwaddr UNIQUE (network_id, hwaddr)) WITH (fillfactor = 70);
CREATE INDEX port_instance ON port (instance_id);
CREATE INDEX port_network_active ON port (network_id) WHERE active;
CREATE INDEX port_acls ON port USING gin (acls);
CREATE TABLE port_address (
  network_id text NOT NULL,
  address text NOT NULL,
  port_id text NOT NULL,
  family int NOT NULL,
  place int NOT NULL,
  CONSTRAINT port_address_unique PRIMARY KEY (network_id, address));
CREATE INDEX port_address_port ON port_address (port_id);`;

/** What the instance service tells of. Not projections of this log: they follow another one. */
const CONSUMED = `
CREATE TABLE project (
  name text PRIMARY KEY,
  id text NOT NULL,
  config jsonb NOT NULL,
  networks_project text NOT NULL);
CREATE INDEX project_id ON project (id);
INSERT INTO project (name, id, config, networks_project) VALUES ('default', '', '{"features.networks": "true"}', 'default');
CREATE TABLE profile (
  id text PRIMARY KEY,
  project text NOT NULL,
  name text NOT NULL,
  -- of its NICs: networks and ACLs that they name
  networks text[] NOT NULL,
  acls text[] NOT NULL);
CREATE INDEX profile_networks ON profile USING gin (networks);
CREATE TABLE instance_name (
  id text PRIMARY KEY,
  project text NOT NULL,
  name text NOT NULL);
CREATE TABLE member (name text PRIMARY KEY);`;
