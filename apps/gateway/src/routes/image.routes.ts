import { imagePatch, imagePut, WeftError } from '@weft/contracts';
import { canSeeProject } from '../domain/policy';
import type { Deps } from '../gateway.deps';
import { empty, sync, started } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import { findImage, IMAGES, imageScope } from '../queries/image.query';
import { listJson, recursionOf } from '../queries/list.query';
import { requireProject } from '../queries/project-scope';
import { exportImage } from './image-export';
import { uploadImage } from './image-upload';

const ONE = '/1.0/images/:fingerprint';

export const imageRoutes = (deps: Deps): Route[] => [...readRoutes(deps), ...writeRoutes(deps), ...laterRoutes()];

function readRoutes(deps: Deps): Route[] {
  const { reads } = deps;
  const define = (path: string, summary: string) => ({ method: 'GET' as const, path, summary, access: 'public' as const });
  return [
    route({
      ...define('/1.0/images', 'List images; without trust only public ones'),
      handle: async (call) => {
        const json = await listJson(reads, IMAGES, imageScope(call), recursionOf(call.query), call.query.filter);
        // Who may not see a project must not learn either whether it exists.
        if (json === '[]' && canSeeProject(call.actor, call.project)) await requireProject(reads, call.project);
        return sync(json);
      },
    }),
    route({
      ...define(ONE, 'An image; without trust only a public one'),
      handle: async (call) => {
        const row = await findImage(reads, call, call.params.fingerprint ?? '');
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define(`${ONE}/export`, 'The files of an image'), handle: (call) => exportImage(deps, call) }),
  ];
}

function writeRoutes(deps: Deps): Route[] {
  const { reads, commands } = deps;
  const define = (method: Method, summary: string) => ({ method, path: ONE, summary, access: 'project' as const });
  const update = async (call: Call<Record<string, unknown>>, mode: 'replace' | 'merge') => {
    const row = await findImage(reads, call, call.params.fingerprint ?? '');
    const { expires_at: expiresAt, ...body } = call.body;
    const expiry = expiresAt == null ? {} : { expires_at: expiresAt };
    await commands.send('image.update', { ...body, ...expiry, mode, fingerprint: row[2], ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({ ...define('POST', 'Upload an image'), path: '/1.0/images', handle: (call) => uploadImage(deps, call) }),
    route({ ...define('PUT', 'Replace the properties of an image'), body: imagePut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change properties of an image'), body: imagePatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('DELETE', 'Delete an image'),
      handle: async (call) => {
        const row = await findImage(reads, call, call.params.fingerprint ?? '');
        return started(await commands.start('image.delete', { fingerprint: row[2] ?? '' }, call.meta()), call);
      },
    }),
  ];
}

const laterRoutes = (): Route[] =>
  ['refresh', 'secret', 'export'].map((action) =>
    route({ method: 'POST', path: `${ONE}/${action}`, summary: 'Not offered yet', access: 'project', handle: unsupported }),
  );

function unsupported(): never {
  throw new WeftError('request.unsupported', 'This server does not exchange images with other servers yet');
}
