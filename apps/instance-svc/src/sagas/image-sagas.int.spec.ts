/** The image sagas pass the generic suite: done twice, failed everywhere, killed everywhere. */
import { newId, type AgentTask, type LxdOperation, type Meta } from '@weft/contracts';
import { sagaContract } from '@weft/saga/testing/saga.contract';
import { execute } from '@weft/service';
import { startPostgres, type TestPostgres } from '@weft/testing';
import { appendImage } from '../commands/append-image';
import { startOperation } from '../commands/operations';
import type { Deps } from '../instance.deps';
import { startResourceService, UNRESTRICTED, type ResourceService } from '../testing/resource-service';
import { imageSagas, type DeleteImageParams, type ImportParams } from './image.sagas';

let postgres: TestPostgres;
let service: ResourceService;

beforeAll(async () => {
  postgres = await startPostgres();
  service = await startResourceService(postgres.url);
}, 60_000);
afterAll(async () => {
  await service.close();
  await postgres.stop();
});

/** A member whose image store is a set. */
function world(): { deps: Deps; held: Set<string> } {
  const held = new Set<string>();
  const run = async ({ kind, body }: AgentTask): Promise<Record<string, unknown>> => {
    const { fingerprint } = body as { fingerprint: string };
    if (kind === 'image.commit') held.add(fingerprint);
    if (kind === 'image.delete') held.delete(fingerprint);
    return {};
  };
  const members = { get: () => ({ online: true }) } as never;
  return { deps: { ...service.deps, tasks: { run, close: () => undefined }, members, nats: { publish: () => undefined } as never }, held };
}

const pick = (deps: Deps, type: string) => imageSagas(deps).find((definition) => definition.type === type)!;

async function begin() {
  const [operationId, fingerprint, alias] = [newId(), newId().replaceAll('-', '').repeat(2), newId()];
  const meta: Meta = { actor: UNRESTRICTED, project: 'default', requestId: '', correlationId: operationId, commandId: newId() };
  const { result } = await execute(service.deps, meta, 'test', {}, async (uow) =>
    startOperation(service.deps, uow, meta, { description: 'Testing', resources: null, location: 'host1' }),
  );
  const staged = {
    uploadId: newId(),
    fingerprint,
    sizeBytes: 1,
    type: 'container' as const,
    architecture: 'x86_64',
    creationDate: 0,
    expiryDate: 0,
    properties: {},
  };
  const request = {
    staged,
    member: 'host1',
    filename: 'f',
    public: false,
    autoUpdate: false,
    properties: {},
    profiles: null,
    aliases: [{ name: alias, description: '' }],
  };
  const work = { meta, operation: result as LxdOperation, member: 'host1', timeLimitMs: 5_000 };
  const { deps, held } = world();
  const expectWorld = async (there: boolean, status: string) => {
    expect(await service.doc('operation_v1', { id: operationId })).toMatchObject({ status });
    expect((await service.doc('image_v1', { project: 'default', fingerprint })) !== undefined).toBe(there);
    expect((await service.doc('image_alias_v1', { project: 'default', name: alias })) !== undefined).toBe(there);
    expect(held.has(fingerprint)).toBe(there);
  };
  return { deps, held, work, request, fingerprint, expectWorld };
}

sagaContract({
  name: 'image.import',
  database: () => ({ pool: service.pool, schema: 'instance' }),
  async subject() {
    const { deps, work, request, expectWorld } = await begin();
    const params: ImportParams = { ...work, project: 'default', request };
    return {
      definition: pick(deps, 'image.import'),
      params,
      expectDone: () => expectWorld(true, 'Success'),
      expectUndone: () => expectWorld(false, 'Failure'),
    };
  },
});

sagaContract({
  name: 'image.delete',
  database: () => ({ pool: service.pool, schema: 'instance' }),
  async subject() {
    const { deps, held, work, request, fingerprint, expectWorld } = await begin();
    // The command has forgotten the image; what is left is to remove the files.
    held.add(fingerprint);
    await execute(service.deps, { ...work.meta, commandId: newId() }, 'test', {}, async (uow) =>
      appendImage(uow, { imageId: newId(), project: 'default', request }).then(() => ({})),
    );
    await service.pool.query('DELETE FROM image_alias WHERE target = $1', [fingerprint]);
    await service.pool.query('DELETE FROM image WHERE fingerprint = $1', [fingerprint]);
    const params: DeleteImageParams = { ...work, fingerprint };
    const gone = async (status: string) => expectWorld(false, status);
    return {
      definition: pick(deps, 'image.delete'),
      params,
      expectDone: () => gone('Success'),
      // Nothing to undo: what could not be removed now is removed by the reconciler.
      expectUndone: async () => expect(await service.doc('operation_v1', { id: work.operation.id })).toMatchObject({ status: 'Failure' }),
    };
  },
});
