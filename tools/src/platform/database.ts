import { Client } from 'pg';

/** A service's role owns its own schema and sees no other one. */
export interface ServiceRole {
  role: string;
  password: string;
  /** Owned by the role; made when it is missing. */
  schema?: string;
  /** Schemas whose views (and nothing else) it may read. */
  reads: readonly string[];
}

export const DATABASE = 'weft';

/** Brings database, roles, schemas and rights to what `roles` says. Idempotent. `urlOf` names a database of the server. */
export const prepareDatabase = async (urlOf: (database: string) => string, roles: readonly ServiceRole[]): Promise<void> => {
  await withClient(urlOf('postgres'), async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (!rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(DATABASE)}`);
  });
  await withClient(urlOf(DATABASE), async (client) => {
    await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    await client.query(`REVOKE ALL ON DATABASE ${client.escapeIdentifier(DATABASE)} FROM PUBLIC`);
    for (const role of roles) await prepareRole(client, role);
    for (const role of roles) await findBySearchPath(client, role);
    for (const role of roles) for (const schema of role.reads) await letReadViews(client, schema, role.role);
  });
};

const withClient = async (url: string, work: (client: Client) => Promise<void>): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};

const prepareRole = async (client: Client, { role, password, schema }: ServiceRole): Promise<void> => {
  const name = client.escapeIdentifier(role);
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  if (!rowCount) await client.query(`CREATE ROLE ${name} LOGIN`);
  await client.query(`ALTER ROLE ${name} PASSWORD ${client.escapeLiteral(password)}`);
  await client.query(`GRANT CONNECT ON DATABASE ${client.escapeIdentifier(DATABASE)} TO ${name}`);
  if (!schema) return;
  await client.query(`GRANT CREATE ON DATABASE ${client.escapeIdentifier(DATABASE)} TO ${name}`);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${client.escapeIdentifier(schema)} AUTHORIZATION ${name}`);
};

/** The bodies of SQL functions that views call are resolved in the reader's search path, not in the view's schema. */
const findBySearchPath = async (client: Client, { role, schema, reads }: ServiceRole): Promise<void> => {
  const path = [schema ?? [], reads].flat().map((name) => client.escapeIdentifier(name));
  if (path.length) await client.query(`ALTER ROLE ${client.escapeIdentifier(role)} SET search_path = ${path.join(', ')}`);
};

/**
 * Views are what a service publishes; its tables (events, command log, secrets) are its own. Default privileges cannot
 * tell views from tables, hence an event trigger: each view is readable from the moment that it is made.
 */
const letReadViews = async (client: Client, schema: string, reader: string): Promise<void> => {
  const trigger = client.escapeIdentifier(`weft_publish_${schema}_to_${reader}`);
  const [schemaName, readerName] = [client.escapeIdentifier(schema), client.escapeIdentifier(reader)];
  await client.query(`GRANT USAGE ON SCHEMA ${schemaName} TO ${readerName}`);
  await client.query(`
    CREATE OR REPLACE FUNCTION public.${trigger}() RETURNS event_trigger LANGUAGE plpgsql AS $body$
    DECLARE made record;
    BEGIN
      FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_type = 'view' AND schema_name = ${client.escapeLiteral(schema)} LOOP
        EXECUTE format('GRANT SELECT ON %s TO %I', made.object_identity, ${client.escapeLiteral(reader)});
      END LOOP;
    END $body$`);
  await client.query(`DROP EVENT TRIGGER IF EXISTS ${trigger}`);
  await client.query(`CREATE EVENT TRIGGER ${trigger} ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION public.${trigger}()`);
  const { rows } = await client.query<{ viewname: string }>('SELECT viewname FROM pg_views WHERE schemaname = $1', [schema]);
  for (const { viewname } of rows) await client.query(`GRANT SELECT ON ${schemaName}.${client.escapeIdentifier(viewname)} TO ${readerName}`);
};
