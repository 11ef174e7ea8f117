import { newId } from '@weft/contracts';
import { startPostgres, type TestPostgres } from '@weft/testing';
import { memberStream } from '../domain/member.state';
import { startResourceService, type ResourceService } from '../testing/resource-service';

let postgres: TestPostgres;
let service: ResourceService;

beforeAll(async () => {
  postgres = await startPostgres();
  service = await startResourceService(postgres.url);
  for (const name of ['host1', 'host2']) await join(name);
});
afterAll(async () => {
  await service?.close();
  await postgres?.stop();
});

async function join(name: string): Promise<void> {
  const meta = { actor: { protocol: 'service', username: 'test', address: '' }, project: '', requestId: newId(), correlationId: newId() };
  await service.store.execute({ id: newId(), name: 'join', body: { name }, meta }, async (uow) => {
    uow.append(memberStream(name), [{ type: 'MemberJoined', data: { name, architecture: 'x86_64' } }]);
    return {};
  });
}
const member = (name: string) => service.doc('member_v1', { name });
const group = (name: string) => service.doc('cluster_group_v1', { name });

it('begins with one group that everybody belongs to', async () => {
  expect(await group('default')).toEqual({ description: 'Default cluster group', members: ['host1', 'host2'], name: 'default' });
  expect(await member('host1')).toMatchObject({ roles: ['database'], groups: ['default'], server_name: 'host1', database: true, status: 'Offline' });
});

it('moves members between groups from either side, and never leaves one without', async () => {
  expect(await service.send('cluster-group.create', { name: 'gpu', description: '', members: ['host1'] })).toMatchObject({ ok: true });
  expect(await member('host1')).toMatchObject({ groups: ['default', 'gpu'] });
  expect(await service.send('member.update', { name: 'host2', mode: 'merge', groups: ['gpu'] })).toMatchObject({ ok: true });
  expect(await group('gpu')).toMatchObject({ members: ['host1', 'host2'] });
  expect(await service.send('cluster-group.update', { name: 'gpu', mode: 'replace', description: 'fast', members: ['host1'] })).toMatchObject({
    ok: false,
    error: { message: 'Cluster members need to belong to at least one group' },
  });
  expect(await service.send('cluster-group.delete', { name: 'gpu' })).toMatchObject({ ok: false, error: { code: 'cluster-group.in-use' } });
  expect(await service.send('cluster-group.rename', { name: 'gpu', newName: 'fast' })).toMatchObject({ ok: true });
  expect(await member('host2')).toMatchObject({ groups: ['fast'] });
  expect(await service.send('member.update', { name: 'host2', mode: 'merge', groups: ['default'] })).toMatchObject({ ok: true });
  expect(await service.send('cluster-group.update', { name: 'fast', mode: 'replace', members: [] })).toMatchObject({ ok: true });
  expect(await service.send('cluster-group.delete', { name: 'fast' })).toMatchObject({ ok: true });
  expect(await group('fast')).toBeUndefined();
});

it.each([
  ['cluster-group.create', { name: 'default', description: '', members: [] }, 'cluster-group.exists'],
  ['cluster-group.create', { name: 'a/b', description: '', members: [] }, 'request.invalid'],
  ['cluster-group.create', { name: 'empty', description: '', members: ['nobody'] }, 'member.not-found'],
  ['cluster-group.rename', { name: 'default', newName: 'x' }, 'auth.forbidden'],
  ['cluster-group.delete', { name: 'default' }, 'auth.forbidden'],
  ['cluster-group.delete', { name: 'nowhere' }, 'cluster-group.not-found'],
  ['member.update', { name: 'nobody', mode: 'merge' }, 'member.not-found'],
  ['member.remove', { name: 'nobody' }, 'member.not-found'],
] as const)('refuses %s %j', async (name, body, code) => {
  expect(await service.send(name, body as never)).toMatchObject({ ok: false, error: { code } });
  expect(await group('empty')).toBeUndefined();
});

it('is for administrators of the whole server only', async () => {
  const actor = { protocol: 'tls' as const, username: 'f', address: '', projects: ['default'] };
  expect(await service.send('member.remove', { name: 'host2' }, { actor })).toMatchObject({ ok: false, error: { code: 'auth.forbidden' } });
});

it('forgets a member that is removed', async () => {
  expect(await service.send('member.remove', { name: 'host2' })).toMatchObject({ ok: true });
  expect(await member('host2')).toBeUndefined();
  expect(await group('default')).toMatchObject({ members: ['host1'] });
});
