import { imagePatch, imagePut, WeftError } from '@weft/contracts';
import { isTrusted } from '../domain/policy';
import type { Deps } from '../gateway.deps';
import { empty, sync } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { findImage, IMAGES, imageScope } from '../queries/image.query';
import { listJson, recursionOf } from '../queries/list.query';
import { requireProject } from '../queries/project-scope';
import { exportImage } from './image-export';
import { uploadImage } from './image-upload';

export function imageRoutes(deps: Deps): Route[] {
  const { reads, commands } = deps;
  const update = async (call: Call<Record<string, unknown>>, mode: 'replace' | 'merge') => {
    const row = await findImage(reads, call, call.params.fingerprint ?? '');
    const { expires_at: expiresAt, ...body } = call.body;
    await commands.send(
      'image.update',
      { ...body, ...(expiresAt == null ? {} : { expires_at: expiresAt }), mode, fingerprint: row[2], ifMatch: call.ifMatch },
      call.meta(),
    );
    return empty;
  };
  return [
    route({
      method: 'GET',
      path: '/1.0/images',
      summary: 'List images; without trust only public ones',
      access: 'public',
      handle: async (call) => {
        const json = await listJson(reads, IMAGES, imageScope(call), recursionOf(call.query), call.query.filter);
        if (json === '[]' && isTrusted(call.actor)) await requireProject(reads, call.project);
        return sync(json);
      },
    }),
    route({ method: 'POST', path: '/1.0/images', summary: 'Upload an image', access: 'project', handle: (call) => uploadImage(deps, call) }),
    route({
      method: 'GET',
      path: '/1.0/images/:fingerprint',
      summary: 'An image; without trust only a public one',
      access: 'public',
      handle: async (call) => {
        const row = await findImage(reads, call, call.params.fingerprint ?? '');
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({
      method: 'GET',
      path: '/1.0/images/:fingerprint/export',
      summary: 'The files of an image',
      access: 'public',
      handle: (call) => exportImage(deps, call),
    }),
    route({
      method: 'PUT',
      path: '/1.0/images/:fingerprint',
      summary: 'Replace the properties of an image',
      access: 'project',
      body: imagePut,
      handle: (call) => update(call, 'replace'),
    }),
    route({
      method: 'PATCH',
      path: '/1.0/images/:fingerprint',
      summary: 'Change properties of an image',
      access: 'project',
      body: imagePatch,
      handle: (call) => update(call, 'merge'),
    }),
    route({
      method: 'DELETE',
      path: '/1.0/images/:fingerprint',
      summary: 'Delete an image',
      access: 'project',
      handle: async (call) => {
        const row = await findImage(reads, call, call.params.fingerprint ?? '');
        return { kind: 'async', operation: await commands.start('image.delete', { fingerprint: row[2] ?? '' }, call.meta()), project: call.project };
      },
    }),
    ...(['refresh', 'secret', 'export'] as const).map((action) =>
      route({
        method: 'POST',
        path: `/1.0/images/:fingerprint/${action}`,
        summary: 'Not offered yet',
        access: 'project',
        handle: unsupported,
      }),
    ),
  ];
}

function unsupported(): never {
  throw new WeftError('request.unsupported', 'This server does not exchange images with other servers yet');
}
