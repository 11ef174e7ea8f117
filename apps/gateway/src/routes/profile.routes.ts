import { profilePatch, profilePut, profilesPost, renamePost, WeftError } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { listJson, recursionOf, type Collection } from '../queries/list.query';
import { ownProject, requireProject } from '../queries/project-scope';

const COLLECTION: Collection = { view: 'instance.profile_v1', path: ['profiles'], key: 'name', projects: true, columns: { name: 'name' } };
const GET = { name: 'profile', sql: 'select doc, etag from instance.profile_v1 where project = $1 and name = $2' };

export function profileRoutes({ reads, commands }: Deps): Route[] {
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await commands.send('profile.update', { ...call.body, mode, name: call.params.name, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      method: 'GET',
      path: '/1.0/profiles',
      summary: 'List profiles',
      access: 'project',
      handle: async (call) => {
        const json = await listJson(reads, COLLECTION, ownProject(call.project), recursionOf(call.query), call.query.filter);
        if (json === '[]') await requireProject(reads, call.project);
        return sync(json);
      },
    }),
    route({
      method: 'POST',
      path: '/1.0/profiles',
      summary: 'Create a profile',
      access: 'project',
      body: profilesPost,
      handle: async (call) => {
        await commands.send('profile.create', call.body, call.meta());
        return created(resourceUrl(['profiles', call.body.name], call.project));
      },
    }),
    route({
      method: 'GET',
      path: '/1.0/profiles/:name',
      summary: 'A profile',
      access: 'project',
      handle: async (call) => {
        const row = await reads.row(GET, [call.project, call.params.name]);
        if (!row) throw new WeftError('profile.not-found', 'Profile not found');
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({
      method: 'PUT',
      path: '/1.0/profiles/:name',
      summary: 'Replace a profile',
      access: 'project',
      body: profilePut,
      handle: (call) => update(call, 'replace'),
    }),
    route({
      method: 'PATCH',
      path: '/1.0/profiles/:name',
      summary: 'Change parts of a profile',
      access: 'project',
      body: profilePatch,
      handle: (call) => update(call, 'merge'),
    }),
    route({
      method: 'POST',
      path: '/1.0/profiles/:name',
      summary: 'Rename a profile',
      access: 'project',
      body: renamePost,
      handle: async (call) => {
        await commands.send('profile.rename', { name: call.params.name, newName: call.body.name }, call.meta());
        return created(resourceUrl(['profiles', call.body.name], call.project));
      },
    }),
    route({
      method: 'DELETE',
      path: '/1.0/profiles/:name',
      summary: 'Delete a profile',
      access: 'project',
      handle: async (call) => {
        await commands.send('profile.delete', { name: call.params.name }, call.meta());
        return empty;
      },
    }),
  ];
}
