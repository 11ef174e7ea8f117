import { imageAliasesPost, imageAliasPatch, imageAliasPut, renamePost } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import { ALIASES, aliasScope, findAlias } from '../queries/image.query';
import { listJson, recursionOf } from '../queries/list.query';

/** Alias names may contain slashes ("debian/12"), which some clients do not escape: the rest of the path is the name. */
const PATH = '/1.0/images/aliases/*';
const nameOf = (call: Call): string => call.params['*'] ?? '';

export const imageAliasRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...objectRoutes(deps)];

function collectionRoutes({ reads, commands }: Deps): Route[] {
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
  ];
}

function objectRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: PATH, summary, access: 'project' as const });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await commands.send('image-alias.update', { ...call.body, mode, name: nameOf(call), ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'An image alias'),
      access: 'public',
      handle: async (call) => {
        const row = await findAlias(reads, call, nameOf(call));
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace an image alias'), body: imageAliasPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of an image alias'), body: imageAliasPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('POST', 'Rename an image alias'),
      body: renamePost,
      handle: async (call) => {
        await commands.send('image-alias.rename', { name: nameOf(call), newName: call.body.name }, call.meta());
        return created(resourceUrl(['images', 'aliases', call.body.name], call.project));
      },
    }),
    route({
      ...define('DELETE', 'Delete an image alias'),
      handle: async (call) => {
        await commands.send('image-alias.delete', { name: nameOf(call) }, call.meta());
        return empty;
      },
    }),
  ];
}
