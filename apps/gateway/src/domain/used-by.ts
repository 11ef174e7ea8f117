/**
 * `used_by` of what several projects share (storage pools, profiles of `default`): a restricted client reads only the
 * names of objects in its own projects. Pure; SQL, so that filters and lists see no more than the client may.
 */
import { visibleProjects, type Actor } from './policy';

/** As the published views write a project in a URL: everything but unreserved characters is escaped (RFC 3986). */
const escaped = (project: string): string => encodeURIComponent(project).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** The projects whose objects `used_by` may name, as they stand in URLs; undefined when the actor may read everything. */
export function namedProjects(actor: Actor): string[] | undefined {
  const visible = visibleProjects(actor);
  return visible === null ? undefined : visible.map(escaped);
}

/**
 * The column `doc` without the URLs of other projects; `parameter` is the number of the `$n` with `namedProjects`. The
 * array is always written anew, so that a document of another form shows nothing rather than everything.
 */
export const usedByShown = (parameter: number): string =>
  `jsonb_set(doc::jsonb, '{used_by}', coalesce((
     select jsonb_agg(url order by place) from jsonb_array_elements_text(doc::jsonb -> 'used_by') with ordinality as used (url, place)
      where coalesce(substring(url from '[?&]project=([^&]*)'), 'default') = any($${parameter}::text[])), '[]'))::text`;
