import { imageAliasesPost, imageAliasPatch, imageAliasPut, renamePost } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { ALIASES, aliasScope, findAlias } from '../queries/image.query';
import { listJson, recursionOf } from '../queries/list.query';

/** Alias names may contain slashes ("debian/12"), which some clients do not escape: the rest of the path is the name. */
const PATH = '/1.0/images/aliases/*';
const nameOf = (call: Call): string => call.params['*'] ?? '';

export function imageAliasRoutes({ reads, commands }: Deps): Route[] {
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await commands.send('image-alias.update', { ...call.body, mode, name: nameOf(call), ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      method: 'GET',
      path: '/1.0/images/aliases',
      summary: 'List image aliases; without trust only those of public images',
      access: 'public',
      handle: async (call) => sync(await listJson(reads, ALIASES, aliasScope(call), recursionOf(call.query), call.query.filter)),
    }),
    route({
      method: 'POST',
      path: '/1.0/images/aliases',
      summary: 'Create an image alias',
      access: 'project',
      body: imageAliasesPost,
      handle: async (call) => {
        await commands.send('image-alias.create', call.body, call.meta());
        return created(resourceUrl(['images', 'aliases', call.body.name], call.project));
      },
    }),
    route({
      method: 'GET',
      path: PATH,
      summary: 'An image alias',
      access: 'public',
      handle: async (call) => {
        const row = await findAlias(reads, call, nameOf(call));
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ method: 'PUT', path: PATH, summary: 'Replace an image alias', access: 'project', body: imageAliasPut, handle: (call) => update(call, 'replace') }),
    route({
      method: 'PATCH',
      path: PATH,
      summary: 'Change parts of an image alias',
      access: 'project',
      body: imageAliasPatch,
      handle: (call) => update(call, 'merge'),
    }),
    route({
      method: 'POST',
      path: PATH,
      summary: 'Rename an image alias',
      access: 'project',
      body: renamePost,
      handle: async (call) => {
        await commands.send('image-alias.rename', { name: nameOf(call), newName: call.body.name }, call.meta());
        return created(resourceUrl(['images', 'aliases', call.body.name], call.project));
      },
    }),
    route({
      method: 'DELETE',
      path: PATH,
      summary: 'Delete an image alias',
      access: 'project',
      handle: async (call) => {
        await commands.send('image-alias.delete', { name: nameOf(call) }, call.meta());
        return empty;
      },
    }),
  ];
}
