import { profilePatch, profilePut, profilesPost, renamePost, WeftError } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import { namedProjects, usedByShown } from '../domain/used-by';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import { listJson, recursionOf, type Collection, type Scope } from '../queries/list.query';
import { ownProject, requireProject } from '../queries/project-scope';

const COLLECTION: Collection = { view: 'instance.profile_v1', path: ['profiles'], key: 'name', projects: true, columns: { name: 'name' } };
const GET = { name: 'profile', sql: 'select doc, etag from instance.profile_v1 where project = $1 and name = $2' };
const GET_SHOWN = { name: 'profile-shown', sql: `select ${usedByShown(3)}, etag from instance.profile_v1 where project = $1 and name = $2` };

const scopeOf = (call: Call): Scope => ({ ...ownProject(call.project), namedProjects: namedProjects(call.actor) });

export const profileRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...objectRoutes(deps)];

function collectionRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: '/1.0/profiles', summary, access: 'project' as const });
  return [
    route({
      ...define('GET', 'List profiles'),
      handle: async (call) => {
        const json = await listJson(reads, COLLECTION, scopeOf(call), recursionOf(call.query), call.query.filter);
        if (json === '[]') await requireProject(reads, call.project);
        return sync(json);
      },
    }),
    route({
      ...define('POST', 'Create a profile'),
      body: profilesPost,
      handle: async (call) => {
        await commands.send('profile.create', call.body, call.meta());
        return created(resourceUrl(['profiles', call.body.name], call.project));
      },
    }),
  ];
}

function objectRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: '/1.0/profiles/:name', summary, access: 'project' as const });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await commands.send('profile.update', { ...call.body, mode, name: call.params.name, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'A profile'),
      handle: async (call) => {
        const named = namedProjects(call.actor);
        const row = await (named ? reads.row(GET_SHOWN, [call.project, call.params.name, named]) : reads.row(GET, [call.project, call.params.name]));
        if (!row) throw new WeftError('profile.not-found', 'Profile not found');
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace a profile'), body: profilePut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a profile'), body: profilePatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('POST', 'Rename a profile'),
      body: renamePost,
      handle: async (call) => {
        await commands.send('profile.rename', { name: call.params.name, newName: call.body.name }, call.meta());
        return created(resourceUrl(['profiles', call.body.name], call.project));
      },
    }),
    route({
      ...define('DELETE', 'Delete a profile'),
      handle: async (call) => {
        await commands.send('profile.delete', { name: call.params.name }, call.meta());
        return empty;
      },
    }),
  ];
}
