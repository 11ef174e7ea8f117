/** What projects and profiles mean for instances, through the whole service: limits, restrictions, races. */
import { type WeftError, type LxdOperation } from '@weft/contracts';
import { action, emptyInstance } from '../testing/bodies';
import { eventually } from '@weft/testing';
import type { FakeAgent } from '../testing/fake-agent';
import { ServiceUnderTest, startInfrastructure, type Infrastructure } from '../testing/service-under-test';

let infrastructure: Infrastructure;
let service: ServiceUnderTest;
let host: FakeAgent;

beforeAll(async () => {
  infrastructure = await startInfrastructure();
  service = await ServiceUnderTest.start(infrastructure);
  host = await service.agent('host1');
}, 60_000);
afterAll(async () => {
  host.stop();
  await service.close();
  await infrastructure.postgres.stop();
  await infrastructure.broker.stop();
});

const devices = { root: { type: 'disk', path: '/', pool: 'default' } };
const addProject = (name: string, config: Record<string, string> = {}) => service.send('project.create', { name, description: '', config });
const create = (name: string, project: string, changes = {}) =>
  service.send<LxdOperation>('instance.create', emptyInstance(name, { devices, ...changes }), { project });
const settled = async (work: Promise<unknown>): Promise<WeftError | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => error as WeftError,
  );
const count = async (sql: string, ...parameters: string[]) => (await service.running.deps.pool.query(sql, parameters)).rowCount;

it('holds a limit when many ask at once', async () => {
  await addProject('limited', { 'limits.instances': '2' });
  const errors = await Promise.all(Array.from({ length: 8 }, (_, n) => settled(create(`c${n}`, 'limited'))));
  expect(errors.filter((error) => error === undefined)).toHaveLength(2);
  for (const error of errors.filter(Boolean))
    expect(error).toMatchObject({ code: 'project.limit-reached', message: 'Reached maximum number of instances in project "limited" (limits.instances is 2)' });
  expect(await count('SELECT FROM instance WHERE project = $1', 'limited')).toBe(2);
  await expect(service.send('project.update', { name: 'limited', mode: 'merge', config: { 'limits.instances': '1' } })).rejects.toMatchObject({
    code: 'config.invalid',
  });
});

it('forbids in a restricted project what would reach the host, on every path', async () => {
  await addProject('strict', { restricted: 'true' });
  const privileged = { config: { 'security.privileged': 'true' } };
  const hostDisk = { devices: { ...devices, etc: { type: 'disk', source: '/etc', path: '/mnt' } } };
  for (const change of [privileged, hostDisk]) await expect(create('bad', 'strict', change)).rejects.toMatchObject({ code: 'project.restricted' });
  await expect(create('bad', 'strict', { target: 'host1' })).rejects.toMatchObject({ code: 'project.restricted' });
  await service.ended(await create('good', 'strict'));
  await expect(service.send('instance.patch', { name: 'good', ...privileged }, { project: 'strict' })).rejects.toMatchObject({ code: 'project.restricted' });
  await expect(service.send('snapshot.create', { instance: 'good', name: 's', stateful: false }, { project: 'strict' })).rejects.toMatchObject({
    code: 'project.restricted',
  });
  await service.ended(await create('risky', 'default', privileged));
  const copy = { source: { type: 'copy' as const, source: 'risky', project: 'default' } };
  await expect(create('copied', 'strict', copy)).rejects.toMatchObject({ code: 'project.restricted' });
  expect(await service.instance('good', 'strict')).toMatchObject({ expanded_config: expect.not.objectContaining({ 'security.privileged': 'true' }) });
});

it('never leaves an instance without its project or its profile', async () => {
  for (let round = 0; round < 8; round += 1) {
    const project = `gone${round}`;
    await addProject(project);
    const [deleted, created] = await Promise.all([settled(service.send('project.delete', { name: project })), settled(create('late', project))]);
    expect([deleted, created].filter((error) => error === undefined)).toHaveLength(1);
    expect(await count('SELECT FROM instance i WHERE project = $1 AND NOT EXISTS (SELECT FROM project p WHERE p.name = i.project)', project)).toBe(0);
    const profile = `gone${round}`;
    await service.send('profile.create', { name: profile, description: '', config: {}, devices });
    const [dropped, used] = await Promise.all([
      settled(service.send('profile.delete', { name: profile })),
      settled(create(`with${round}`, 'default', { profiles: [profile] })),
    ]);
    expect([dropped, used].filter((error) => error === undefined)).toHaveLength(1);
  }
  expect(await count('SELECT FROM instance_profile u WHERE NOT EXISTS (SELECT FROM profile p WHERE p.id = u.profile_id)')).toBe(0);
});

it('tells running guests about changed limits of their profile, and nothing else', async () => {
  await service.send('profile.create', { name: 'sized', description: '', config: {}, devices });
  for (const name of ['runs', 'rests']) await service.ended(await create(name, 'default', { profiles: ['sized'], devices: {} }));
  await service.ended(await service.send<LxdOperation>('instance.set-state', action('runs', 'start')));
  const update = (config: Record<string, string>) => service.send('profile.update', { name: 'sized', mode: 'merge', config });
  const updates = () => host.tasks.flatMap(({ kind, body }) => (kind === 'instance.update' && 'instance' in body ? [body.instance] : []));
  await update({ 'user.k': 'v' });
  await update({ 'limits.memory': '64MiB' });
  await eventually(() => updates().length > 0);
  expect(updates()).toHaveLength(1);
  expect(updates()[0]).toMatchObject({ name: 'runs', config: { 'limits.memory': '64MiB', 'user.k': 'v' } });
});

it('shows a changed profile in its instances with the reply', async () => {
  await service.send('profile.create', { name: 'seen', description: '', config: { 'user.k': 'before' }, devices });
  await service.ended(await create('watcher', 'default', { profiles: ['seen'], devices: {} }));
  await service.send('profile.update', { name: 'seen', mode: 'merge', config: { 'user.k': 'after' } });
  expect(await service.instance('watcher')).toMatchObject({ expanded_config: { 'user.k': 'after' } });
});
