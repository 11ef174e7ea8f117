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

it('holds limits on sums on every path', async () => {
  await addProject('summed', { 'limits.memory': '1GiB', 'limits.processes': '100' });
  const meta = { project: 'summed' };
  const sized = (memory: string) => ({ config: { 'limits.memory': memory, 'limits.processes': '10' } });
  const tooMuch = { code: 'project.limit-reached', message: 'Reached maximum aggregate value "1GiB" for "limits.memory" in project "summed"' };
  await expect(create('none', 'summed')).rejects.toMatchObject({ message: expect.stringContaining('has no limits.memory') as string });
  await expect(create('share', 'summed', sized('10%'))).rejects.toMatchObject({ message: expect.stringContaining('"10%" is no fixed size') as string });
  await service.ended(await create('a', 'summed', sized('600MiB')));
  await expect(create('b', 'summed', sized('600MiB'))).rejects.toMatchObject(tooMuch);
  await expect(create('copied', 'summed', { source: { type: 'copy', source: 'a', project: 'summed' } })).rejects.toMatchObject(tooMuch);
  await service.ended(await service.send<LxdOperation>('snapshot.create', { instance: 'a', name: 'big', stateful: false }, meta));
  await service.send('instance.patch', { name: 'a', config: { 'limits.memory': '400MiB' } }, meta);
  await service.ended(await create('b', 'summed', sized('600MiB')));
  await expect(service.send('instance.patch', { name: 'a', config: { 'limits.memory': '500MiB' } }, meta)).rejects.toMatchObject(tooMuch);
  await expect(service.send('instance.patch', { name: 'a', config: { 'limits.memory': '' } }, meta)).rejects.toMatchObject({ code: 'project.limit-reached' });
  await expect(service.send('instance.restore', { name: 'a', snapshot: 'big', stateful: false }, meta)).rejects.toMatchObject(tooMuch);
  await expect(service.send('project.update', { name: 'summed', mode: 'merge', config: { 'limits.memory': '900MiB' } })).rejects.toMatchObject({
    code: 'project.limit-reached',
  });
  await expect(service.send('project.update', { name: 'summed', mode: 'merge', config: { 'limits.cpu': '4' } })).rejects.toMatchObject({
    message: expect.stringContaining('has no limits.cpu') as string,
  });
});

it('holds limits on sums when a profile changes, and when many ask at once', async () => {
  await addProject('shared', { 'limits.memory': '1GiB', 'features.profiles': 'false' });
  await service.send('profile.create', { name: 'half', description: '', config: { 'limits.memory': '512MiB' }, devices });
  const errors = await Promise.all(Array.from({ length: 5 }, (_, n) => settled(create(`c${n}`, 'shared', { profiles: ['half'], devices: {} }))));
  expect(errors.filter((error) => error === undefined)).toHaveLength(2);
  const update = (memory: string) => service.send('profile.update', { name: 'half', mode: 'merge', config: { 'limits.memory': memory } });
  await expect(update('513MiB')).rejects.toMatchObject({ code: 'project.limit-reached' });
  await expect(update('')).rejects.toMatchObject({ message: expect.stringContaining('has no limits.memory') as string });
  await update('256MiB');
  await service.send('project.update', { name: 'shared', mode: 'merge', config: { 'limits.memory': '512MiB' } });
});

it('asks who sends a command, whatever the way it came', async () => {
  await addProject('theirs');
  await service.ended(await create('c1', 'theirs'));
  const actor = { protocol: 'tls' as const, username: 'f00', address: '', projects: ['mine'] };
  const forbidden = { code: 'auth.forbidden' };
  await expect(service.send('instance.locate', { name: 'c1' }, { project: 'theirs', actor })).rejects.toMatchObject(forbidden);
  await expect(service.send('instance.delete', { name: 'c1' }, { project: 'theirs', actor })).rejects.toMatchObject(forbidden);
  const token = { name: 't', restricted: false, projects: [], serverFingerprint: '', addresses: [] };
  const { id: operationId } = await service.send<LxdOperation>('certificate.issue-token', token, { project: 'mine' });
  await expect(service.send('operation.cancel', { operationId }, { project: 'mine', actor })).rejects.toMatchObject(forbidden);
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
