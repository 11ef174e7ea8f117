/** SQL that the migrations of every service's read views share. Migrations that have run hold it: it is never edited, only added to. */

/**
 * `url_path(name)`: a name as part of a URL. `resource_url(path, name, project)`: a JSON string, the URL of a resource with
 * its project unless that is `default`. Each schema has its own: no SQL crosses a schema.
 */
export const RESOURCE_URL_FUNCTIONS = `
CREATE FUNCTION url_path(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN name ~ '^[A-Za-z0-9._~-]*$' THEN name ELSE (
    SELECT string_agg(CASE WHEN chr(byte) ~ '[A-Za-z0-9._~-]' AND byte < 128 THEN chr(byte) ELSE '%' || upper(lpad(to_hex(byte), 2, '0')) END, '' ORDER BY at)
      FROM (SELECT at, get_byte(convert_to(name, 'UTF8'), at) AS byte FROM generate_series(0, octet_length(convert_to(name, 'UTF8')) - 1) AS at) AS bytes) END
$$;
-- A JSON string: the URL of a resource, with its project unless that is 'default'
CREATE FUNCTION resource_url(path text, name text, project text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT '"' || path || url_path(name) || CASE WHEN project = 'default' THEN '' ELSE '?project=' || url_path(project) END || '"'
$$;`;

/**
 * Lets the gateway read views of the schema that the migration works in. The gateway's role is made by whoever installs
 * the platform; without it (tests), there is nothing to grant.
 */
export const grantToGateway = (views: readonly string[]): string => `
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'weft_gateway') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO weft_gateway', current_schema());
    GRANT SELECT ON ${views.join(', ')} TO weft_gateway;
  END IF;
END $$;`;
