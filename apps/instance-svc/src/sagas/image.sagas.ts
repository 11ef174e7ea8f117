/**
 * Import:  commit the upload on its member --> record image and aliases (pivot) --> operation done
 * Delete:  (the command has recorded it)       remove the files where nobody needs them --> operation done
 *
 * Files are shared: they are removed only when no project has the image and no other import is under way. Nothing
 * waits for members that are away. The image-files reconciler finds what is left over.
 */
import { derivedId, type InstanceCommandBody } from '@weft/contracts';
import { ConstraintViolation } from '@weft/event-store';
import { defineSaga, type SagaContext, type SagaError } from '@weft/saga';
import { execute, nameConstraint } from '@weft/service';
import { constraints } from '../api/constraints';
import { endOperation } from '../commands/operations';
import { appendImage, forgetImage } from '../commands/append-image';
import { removeImageLocation } from '../commands/record-image-location';
import type { OperationOutcome } from '../domain/operation.decider';
import type { Deps } from '../instance.deps';
import { findImageFiles } from '../queries/find-images';
import type { HostWork } from './saga-params';
import { failure, onHost, undoOnHost } from './saga-work';

export interface ImportParams extends HostWork {
  /** The project that the image goes to. */
  project: string;
  request: InstanceCommandBody<'image.create'>;
}

export interface DeleteImageParams extends HostWork {
  fingerprint: string;
}

type Context<P extends object> = SagaContext<P, Record<string, unknown>>;

const importSaga = (deps: Deps) =>
  defineSaga<ImportParams, Record<string, unknown>>({
    type: 'image.import',
    steps: [
      {
        name: 'commit-files',
        async action(ctx) {
          const { uploadId, fingerprint } = ctx.params.request.staged;
          await onHost(deps, ctx, 'image.commit', { uploadId, fingerprint });
        },
        async undo(ctx) {
          const { fingerprint } = ctx.params.request.staged;
          const { needed } = await findImageFiles(deps.pool, fingerprint, ctx.sagaId);
          if (!needed) await undoOnHost(deps, ctx, 'image.delete', { fingerprint });
        },
      },
      { name: 'record', pivot: true, action: (ctx) => record(deps, ctx), undo: (ctx) => forget(deps, ctx) },
    ],
    succeeded: (ctx) => {
      const { fingerprint, sizeBytes } = ctx.params.request.staged;
      return end(deps, ctx, { status: 'Success', metadata: { fingerprint, size: String(sizeBytes) } });
    },
    failed: (ctx, error: SagaError) => end(deps, ctx, failure(error)),
  });

async function record(deps: Deps, ctx: Context<ImportParams>): Promise<void> {
  const { meta, project, request } = ctx.params;
  try {
    await execute(deps, { ...meta, commandId: ctx.commandId, causationId: meta.commandId }, 'image.record', {}, async (uow) => {
      await appendImage(uow, { imageId: derivedId('image', ctx.sagaId), project, request });
      return {};
    });
  } catch (error) {
    // Somebody imported the same image, or took an alias, while the files were on their way.
    throw error instanceof ConstraintViolation ? nameConstraint(constraints, error) : error;
  }
}

/** A failure does not prove that nothing was recorded. */
async function forget(deps: Deps, ctx: Context<ImportParams>): Promise<void> {
  const { meta, project, request } = ctx.params;
  await execute(deps, { ...meta, commandId: ctx.commandId, causationId: meta.commandId }, 'image.forget', {}, async (uow) => {
    await forgetImage(uow, { imageId: derivedId('image', ctx.sagaId), project, request });
    return {};
  });
}

const deleteSaga = (deps: Deps) =>
  defineSaga<DeleteImageParams, Record<string, unknown>>({
    type: 'image.delete',
    steps: [{ name: 'remove-files', action: (ctx) => removeFiles(deps, ctx) }],
    succeeded: (ctx) => end(deps, ctx, { status: 'Success' }),
    failed: (ctx, error) => end(deps, ctx, failure(error)),
  });

async function removeFiles(deps: Deps, ctx: Context<DeleteImageParams>): Promise<void> {
  const { fingerprint } = ctx.params;
  const { needed, members } = await findImageFiles(deps.pool, fingerprint);
  if (needed) return;
  for (const member of members.filter((name) => deps.members.get(name)?.online)) {
    try {
      await onHost(deps, { ...ctx, commandId: derivedId(ctx.commandId, member) }, 'image.delete', { fingerprint }, member);
      await removeImageLocation(deps, fingerprint, member);
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      ctx.log.warn({ err: error, fingerprint, member }, 'image files stay for now');
    }
  }
}

async function end(deps: Deps, ctx: Context<HostWork>, outcome: OperationOutcome): Promise<void> {
  const { meta, operation } = ctx.params;
  await execute(deps, { ...meta, commandId: ctx.commandId, causationId: meta.commandId }, 'operation.end', {}, async (uow) => {
    await endOperation(uow, operation.id, outcome);
    return {};
  });
}

export const imageSagas = (deps: Deps) => [importSaga(deps), deleteSaga(deps)];
