import { newId, WeftError, type AgentTask, type CommandReply, type StagedImage, type TaskKind } from '@weft/contracts';
import { createSagaRunner, type SagaRunner } from '@weft/saga';
import { expectFoldEqualsRows } from '@weft/event-store';
import { eventually, startPostgres, type TestPostgres } from '@weft/testing';
import type { TaskOptions } from '../adapters/task-dispatcher';
import { startImageFilesReconciler } from '../reconcilers/image-files.reconciler';
import { findImage } from '../queries/find-resources';
import { imageSagas } from '../sagas/image.sagas';
import { imageAliasProjection, imageLocationProjection } from '../projections/image-alias.projection';
import { imageProjection } from '../projections/image.projection';
import { startResourceService, UNRESTRICTED, type ResourceService } from '../testing/resource-service';

/** Members of this spec: what they hold, what they were told to do, and who is away. */
const held = new Map<string, Set<string>>([
  ['host1', new Set()],
  ['host2', new Set()],
]);
const offline = new Set<string>();
const done: string[] = [];
let failCommit = false;

let postgres: TestPostgres;
let service: ResourceService;
let runner: SagaRunner;

beforeAll(async () => {
  postgres = await startPostgres();
  service = await startResourceService(postgres.url, {
    members: {
      get: (name: string) => view(name),
      all: () => [...held.keys()].map(view),
      heard: () => Promise.resolve(),
      expected: () => false,
      candidates: () => [],
      assign: () => undefined,
    },
    tasks: { run: runTask, close: () => undefined },
    nats: { publish: () => undefined } as never,
    sagas: { insert: (client, saga) => runner.insert(client, saga), wake: (id) => runner.wake(id), cancel: (id) => runner.cancel(id) },
  });
  runner = createSagaRunner({ pool: service.pool, schema: 'instance', definitions: imageSagas(service.deps), owner: 'test', logger: service.deps.log });
  runner.start();
}, 60_000);

afterAll(async () => {
  await runner.stop();
  await service.close();
  await postgres.stop();
});

const view = (name: string) => ({
  name,
  online: !offline.has(name),
  heartbeat: { images: [...held.get(name)!], resources: { diskFreeBytes: name === 'host1' ? 2 : 1 } } as never,
});

async function runTask(task: AgentTask<TaskKind>, { member }: TaskOptions): Promise<Record<string, unknown>> {
  const { fingerprint } = task.body as { fingerprint: string };
  done.push(`${task.kind} ${fingerprint.slice(0, 4)} ${member}`);
  if (task.kind === 'image.commit' && failCommit) throw new WeftError('disk.full', 'No space left on device');
  if (task.kind === 'image.commit') held.get(member)!.add(fingerprint);
  if (task.kind === 'image.fetch') held.get(member)!.add(fingerprint);
  if (task.kind === 'image.delete') held.get(member)!.delete(fingerprint);
  return {};
}

let next = 0;
const staged = (extra: Partial<StagedImage> = {}): StagedImage => ({
  uploadId: newId(),
  fingerprint: (next++).toString(16).padStart(4, '0').repeat(16),
  sizeBytes: 1_032_376,
  type: 'container',
  architecture: 'x86_64',
  creationDate: 1_700_000_000,
  expiryDate: 0,
  properties: { description: 'busybox', os: 'busybox', release: '1' },
  ...extra,
});
const request = (image: StagedImage, aliases: string[] = []) => ({
  staged: image,
  member: 'host1',
  filename: 'busybox.tar.gz',
  public: false,
  autoUpdate: false,
  properties: {},
  profiles: null,
  aliases: aliases.map((name) => ({ name, description: '' })),
});
const finished = (reply: CommandReply): Promise<Record<string, unknown>> => {
  if (!reply.ok) throw new Error(reply.error.message);
  const { id } = reply.result as { id: string };
  return eventually(async () => {
    const operation = await service.doc('operation_v1', { id });
    expect(operation).toMatchObject({ status: expect.not.stringMatching('Running') });
    return operation!;
  });
};
const importImage = async (image: StagedImage, aliases: string[] = [], project = 'default') =>
  finished(await service.send('image.create', request(image, aliases), { project }));
const show = (fingerprint: string, project = 'default') => service.doc('image_v1', { project, fingerprint });

it('chooses the online member with the most room', async () => {
  expect(await service.send('image.choose-member', {})).toMatchObject({ ok: true, result: { member: 'host1' } });
  offline.add('host1').add('host2');
  expect(await service.send('image.choose-member', {})).toMatchObject({ ok: false, error: { code: 'member.unavailable' } });
  offline.clear();
});

it('imports an image with aliases and shows it as LXD does', async () => {
  const image = staged();
  expect(await importImage(image, ['bb', 'busybox/1'])).toMatchObject({
    status: 'Success',
    description: 'Downloading image',
    metadata: { fingerprint: image.fingerprint, size: '1032376' },
  });
  const doc = (await show(image.fingerprint))!;
  expect(doc).toEqual({
    auto_update: false,
    properties: { description: 'busybox', os: 'busybox', release: '1' },
    public: false,
    expires_at: '1970-01-01T00:00:00Z',
    profiles: ['default'],
    aliases: [
      { name: 'bb', description: '' },
      { name: 'busybox/1', description: '' },
    ],
    architecture: 'x86_64',
    cached: false,
    filename: 'busybox.tar.gz',
    fingerprint: image.fingerprint,
    size: 1032376,
    type: 'container',
    created_at: '2023-11-14T22:13:20Z',
    last_used_at: '0001-01-01T00:00:00Z',
    uploaded_at: expect.stringMatching(/Z$/),
  });
  expect(Object.keys(doc).slice(0, 8)).toEqual(['auto_update', 'properties', 'public', 'expires_at', 'profiles', 'aliases', 'architecture', 'cached']);
  expect(await service.doc('image_alias_v1', { project: 'default', name: 'bb' })).toEqual({
    description: '',
    target: image.fingerprint,
    name: 'bb',
    type: 'container',
  });
  expect(await findImage(service.pool, 'default', { alias: 'bb' })).toMatchObject({ fingerprint: image.fingerprint, members: ['host1'] });
});

it('refuses up front what would fail in the end', async () => {
  const image = staged();
  await importImage(image, ['mine']);
  expect(await service.send('image.create', request(image))).toMatchObject({
    ok: false,
    error: { code: 'image.exists', message: 'Image with same fingerprint already exists' },
  });
  expect(await service.send('image.create', request(staged(), ['mine']))).toMatchObject({
    ok: false,
    error: { code: 'image-alias.exists', message: 'Alias already exists: mine' },
  });
  expect(await service.send('image.create', request(staged(), ['twice', 'twice']))).toMatchObject({ ok: false, error: { code: 'request.invalid' } });
  expect(await service.send('image.create', { ...request(staged()), profiles: ['nosuch'] })).toMatchObject({ ok: false, error: { code: 'profile.not-found' } });
  expect(await service.send('image.create', request(staged()), { project: 'nosuch' })).toMatchObject({ ok: false, error: { code: 'project.not-found' } });
  expect(await service.send('image.create', request(staged()), { actor: { ...UNRESTRICTED, projects: ['other'] } })).toMatchObject({
    ok: false,
    error: { code: 'auth.forbidden' },
  });
});

it('ends the operation with the reason when the files cannot be stored, or somebody was faster', async () => {
  failCommit = true;
  const image = staged();
  expect(await importImage(image)).toMatchObject({ status: 'Failure', err: expect.stringContaining('No space left') });
  expect(await show(image.fingerprint)).toBeUndefined();
  failCommit = false;
  const twin = staged();
  const operations = await Promise.all((await Promise.all([1, 2].map(() => service.send('image.create', request(twin))))).map(finished));
  expect(operations.map(({ status }) => status).sort()).toEqual(['Failure', 'Success']);
  expect(operations.find(({ status }) => status === 'Failure')).toMatchObject({ err: 'Image with same fingerprint already exists' });
});

it('keeps the files while any project has the image', async () => {
  await service.send('project.create', { name: 'other', description: '', config: {} });
  await service.send('project.create', { name: 'guest', description: '', config: { 'features.images': 'false' } });
  const image = staged();
  await importImage(image, ['a']);
  await importImage(image, ['a'], 'other');
  expect(await show(image.fingerprint, 'guest')).toMatchObject({ aliases: [{ name: 'a' }] });
  expect(await finished(await service.send('image.delete', { fingerprint: image.fingerprint.slice(0, 20) }))).toMatchObject({
    status: 'Success',
    resources: { images: [`/1.0/images/${image.fingerprint}`] },
  });
  expect(await show(image.fingerprint)).toBeUndefined();
  expect(await service.doc('image_alias_v1', { project: 'default', name: 'a' })).toBeUndefined();
  expect(held.get('host1')!.has(image.fingerprint)).toBe(true);
  await finished(await service.send('image.delete', { fingerprint: image.fingerprint }, { project: 'other' }));
  expect(held.get('host1')!.has(image.fingerprint)).toBe(false);
  expect((await service.pool.query('SELECT FROM image_location WHERE fingerprint = $1', [image.fingerprint])).rowCount).toBe(0);
});

it('changes what may be changed', async () => {
  const image = staged();
  await importImage(image);
  const update = (change: object) => service.send('image.update', { fingerprint: image.fingerprint, mode: 'replace', ...change });
  const { rows } = await service.pool.query<{ etag: string }>('SELECT etag FROM image_v1 WHERE fingerprint = $1', [image.fingerprint]);
  expect(rows[0]!.etag).toBe('729eeec5ffd344dd9f6ea23a73399bf1cf9db7ebae91edb798e43512f33760cc');
  expect(
    await update({
      ifMatch: rows[0]!.etag,
      public: true,
      auto_update: true,
      properties: { foo: 'bar' },
      profiles: ['default'],
      expires_at: '2030-01-01T00:00:00Z',
    }),
  ).toMatchObject({ ok: true });
  expect(await show(image.fingerprint)).toMatchObject({ public: true, auto_update: true, properties: { foo: 'bar' }, expires_at: '2030-01-01T00:00:00Z' });
  expect(await update({ ifMatch: rows[0]!.etag })).toMatchObject({ ok: false, error: { code: 'etag.mismatch' } });
  expect(await update({ expires_at: 'tomorrow' })).toMatchObject({ ok: false, error: { code: 'image.invalid' } });
  expect(await service.send('image.update', { fingerprint: 'ffffffff', mode: 'merge' })).toMatchObject({
    ok: false,
    error: { code: 'image.not-found', message: 'Image not found' },
  });
});

it('manages aliases', async () => {
  const [image, other] = [staged(), staged({ type: 'virtual-machine', properties: { os: 'only-vm' } })];
  await importImage(image);
  await importImage(other);
  const create = (name: string, target: string, type = '') => service.send('image-alias.create', { name, description: '', target, type });
  expect(await create('al', image.fingerprint.slice(0, 12))).toMatchObject({ ok: true });
  expect(await create('al', image.fingerprint)).toMatchObject({ ok: false, error: { code: 'image-alias.exists' } });
  expect(await create('none', 'abcdef')).toMatchObject({ ok: false, error: { code: 'image.not-found' } });
  expect(await create('wrong', other.fingerprint, 'container')).toMatchObject({ ok: false, error: { code: 'image.wrong-type' } });
  expect(await create('many', '00')).toMatchObject({ ok: false, error: { code: 'image.invalid' } });
  expect(await service.send('image-alias.update', { name: 'al', mode: 'merge', description: 'd', target: other.fingerprint })).toMatchObject({ ok: true });
  expect(await service.doc('image_alias_v1', { project: 'default', name: 'al' })).toMatchObject({ description: 'd', type: 'virtual-machine' });
  expect(await service.send('image-alias.rename', { name: 'al', newName: 'al2' })).toMatchObject({ ok: true });
  expect(await service.doc('image_alias_v1', { project: 'default', name: 'al2' })).toMatchObject({ name: 'al2', description: 'd' });
  expect(await service.send('image-alias.delete', { name: 'al2' })).toMatchObject({ ok: true });
  expect(await service.send('image-alias.delete', { name: 'al2' })).toMatchObject({ ok: false, error: { code: 'image-alias.not-found' } });
  expect(await findImage(service.pool, 'default', { properties: { os: 'only-vm' } })).toMatchObject({ fingerprint: other.fingerprint });
});

it('reconciles what members hold with what is believed', async () => {
  let now = 0;
  const reconciler = startImageFilesReconciler(service.deps, { intervalMs: 3_600_000, graceMs: 1_000, now: () => now });
  try {
    const image = staged();
    await importImage(image);
    held.get('host2')!.add(image.fingerprint).add('dead');
    await reconciler.run();
    expect(await findImage(service.pool, 'default', { fingerprint: image.fingerprint })).toMatchObject({ members: ['host1', 'host2'] });
    expect(held.get('host2')!.has('dead')).toBe(true);
    now = 2_000;
    await reconciler.run();
    expect(held.get('host2')!.has('dead')).toBe(false);
    offline.add('host2');
    await finished(await service.send('image.delete', { fingerprint: image.fingerprint }));
    expect(held.get('host2')!.has(image.fingerprint)).toBe(true);
    offline.clear();
    await reconciler.run();
    now = 4_000;
    await reconciler.run();
    expect(held.get('host2')!.has(image.fingerprint)).toBe(false);
  } finally {
    reconciler.stop();
    offline.clear();
  }
});

it('copies images to as many members as cluster.images_minimal_replica says', async () => {
  const reconciler = startImageFilesReconciler(service.deps, { intervalMs: 3_600_000 });
  const replicas = (value: string) => service.send('server.update', { mode: 'merge', config: { 'cluster.images_minimal_replica': value } });
  try {
    expect(await replicas('0')).toMatchObject({ ok: false, error: { code: 'config.invalid' } });
    await replicas('1');
    const image = staged();
    await importImage(image);
    await reconciler.run();
    expect(await findImage(service.pool, 'default', { fingerprint: image.fingerprint })).toMatchObject({ members: ['host1'] });
    await replicas('-1');
    await eventually(async () => {
      await reconciler.run();
      return (await findImage(service.pool, 'default', { fingerprint: image.fingerprint }))?.members.length === 2;
    });
    expect(held.get('host2')!.has(image.fingerprint)).toBe(true);
  } finally {
    reconciler.stop();
  }
});

it.each([imageProjection, imageAliasProjection, imageLocationProjection])('replay(log) = rows: $name', async (projection) => {
  await expectFoldEqualsRows(service.store, projection);
});
