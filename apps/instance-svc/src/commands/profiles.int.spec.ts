import { newId } from '@weft/contracts';
import { expectFoldEqualsRows } from '@weft/event-store';
import { startPostgres, type TestPostgres } from '@weft/testing';
import { profileProjection } from '../projections/profile.projection';
import { projectProjection } from '../projections/project.projection';
import { storagePoolProjection } from '../projections/storage-pool.projection';
import { startResourceService, UNRESTRICTED, type ResourceService } from '../testing/resource-service';

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

const profile = (name: string) => ({ name, description: '', config: {}, devices: {} });
const create = async (name: string, project = 'default') => service.send('profile.create', profile(name), { project });
const show = (name: string, project = 'default') => service.doc('profile_v1', { project, name });

const append = (stream: string, type: string, data: object) =>
  service.store.execute(
    { id: newId(), name: 'test', body: {}, meta: { actor: UNRESTRICTED, project: 'default', requestId: '', correlationId: '' } },
    async (uow) => {
      uow.append(stream, [{ type, data }]);
    },
  );

/** An instance, without the host that it would need: its events only. */
async function addInstance(project: string, profileId: string): Promise<() => Promise<unknown>> {
  const id = newId();
  const place = { id, project, name: `c${id.slice(0, 8)}`, operationId: newId() };
  const writable = { architecture: 'x86_64', ephemeral: false, description: '', config: {}, devices: {}, profiles: [profileId] };
  const origin = { type: 'container', member: 'host1', imageFingerprint: '', createdAt: new Date(0).toISOString(), snapshots: [], copiedFrom: null };
  await append(`instance-${id}`, 'InstanceCreated', { ...place, ...writable, ...origin });
  return () => append(`instance-${id}`, 'InstanceDeleted', { ...place, reason: 'requested' });
}
const profileId = async (name: string, project = 'default') =>
  (await service.pool.query<{ id: string }>('SELECT id FROM profile WHERE project = $1 AND name = $2', [project, name])).rows[0]!.id;

describe('a new installation', () => {
  it('has project, profile and pool "default", and a second start changes nothing', async () => {
    const before = await service.store.head();
    const again = await startResourceService(postgres.url);
    await again.close();
    expect(await service.store.head()).toEqual(before);
    expect(await service.doc('project_v1', { name: 'default' })).toMatchObject({
      config: { 'features.images': 'true', 'features.networks': 'true', 'features.profiles': 'true', 'features.storage.volumes': 'true' },
      description: 'Default LXD project',
    });
    expect(await show('default')).toMatchObject({ description: 'Default LXD profile', devices: { root: { path: '/', pool: 'default', type: 'disk' } } });
    expect(await service.doc('storage_pool_v1', { name: 'default' })).toMatchObject({ driver: 'dir', status: 'Created' });
  });
});

describe('profiles', () => {
  it('keep the root disk that an instance relies on', async () => {
    const root = (name: string) => ({ [name]: { type: 'disk', path: '/', pool: 'default' } });
    const update = (devices: Record<string, Record<string, string>>) =>
      service.send('profile.update', { name: 'rooted', mode: 'replace', description: '', config: {}, devices });
    await service.send('profile.create', { ...profile('rooted'), devices: root('root') });
    const remove = await addInstance('default', await profileId('rooted'));
    const refusal = { ok: false, error: { code: 'device.invalid', message: expect.stringContaining('relies on this profile') as string } };
    expect(await update({})).toMatchObject(refusal);
    expect(await update({ ...root('root'), ...root('second') })).toMatchObject(refusal);
    expect(await show('rooted')).toMatchObject({ devices: root('root') });
    expect(await update(root('renamed'))).toMatchObject({ ok: true });
    await remove();
    expect(await update({})).toMatchObject({ ok: true });
  });

  it('are shown as LXD shows them, byte for byte', async () => {
    await create('p1');
    await service.send('profile.update', { name: 'p1', mode: 'replace', description: 'd', config: { 'user.a': 'b' }, devices: {} });
    const { rows } = await service.pool.query<{ doc: string; etag: string }>(`SELECT doc, etag FROM profile_v1 WHERE project = 'default' AND name = 'p1'`);
    expect(rows[0]).toEqual({
      doc: '{"config":{"user.a":"b"},"description":"d","devices":{},"name":"p1","used_by":[]}',
      etag: 'f6626e999a04ac41823fe576aa9e0f87870abf4f7d93cd667f85ca1118a35520',
    });
  });

  it('merge with PATCH and check If-Match', async () => {
    await create('patched');
    await service.send('profile.update', { name: 'patched', mode: 'merge', config: { 'limits.cpu': '1' } });
    await service.send('profile.update', { name: 'patched', mode: 'merge', description: 'x', config: { 'user.k': 'v' } });
    expect(await show('patched')).toMatchObject({ description: 'x', config: { 'limits.cpu': '1', 'user.k': 'v' } });
    expect(await service.send('profile.update', { name: 'patched', mode: 'replace', ifMatch: '"deadbeef"' })).toMatchObject({
      ok: false,
      error: { code: 'etag.mismatch', message: expect.stringMatching(/^ETag doesn't match: [0-9a-f]{64} vs deadbeef$/) },
    });
  });

  it.each([
    [{ config: { 'limits.memory': 'zz' } }, 'config.invalid', 'Invalid value: zz'],
    [{ config: { 'no.such': '1' } }, 'config.invalid', 'no.such'],
    [{ config: { 'volatile.uuid': '1' } }, 'config.invalid', 'only be set on an instance'],
    [{ devices: { root: { type: 'disk', path: '/', pool: 'nosuch' } } }, 'device.invalid', 'The "nosuch" storage pool doesn\'t exist'],
    [{ devices: { x: { type: 'warp' } } }, 'device.invalid', 'warp'],
  ])('refuse %j', async (change, code, message) => {
    const reply = await service.send('profile.create', { ...profile('bad'), ...(change as object) });
    expect(reply).toMatchObject({ ok: false, error: { code, message: expect.stringContaining(message) } });
    expect(await show('bad')).toBeUndefined();
  });

  it('keep their names apart, also when two ask at once', async () => {
    const replies = await Promise.all([1, 2, 3, 4].map(() => create('twin')));
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    for (const reply of replies)
      if (!reply.ok) expect(reply.error).toMatchObject({ code: 'profile.exists', message: expect.stringContaining('The profile already exists') });
    expect(await create('twin')).toMatchObject({ ok: false, error: { message: 'Error inserting "twin" into database: The profile already exists' } });
  });

  it('are renamed, except default', async () => {
    await create('old');
    await create('taken');
    expect(await service.send('profile.rename', { name: 'old', newName: 'taken' })).toMatchObject({ ok: false, error: { code: 'profile.exists' } });
    expect(await service.send('profile.rename', { name: 'default', newName: 'x' })).toMatchObject({ ok: false, error: { code: 'auth.forbidden' } });
    expect(await service.send('profile.rename', { name: 'old', newName: 'new' })).toMatchObject({ ok: true });
    expect(await show('old')).toBeUndefined();
    expect(await show('new')).toMatchObject({ name: 'new' });
  });

  it('are found anew after a rename, a deletion, or a change of what their project shares', async () => {
    const update = (name: string, project = 'default') => service.send('profile.update', { name, mode: 'merge', description: project }, { project });
    await create('here');
    expect(await update('here')).toMatchObject({ ok: true });
    await service.send('profile.rename', { name: 'here', newName: 'there' });
    expect(await update('here')).toMatchObject({ ok: false, error: { code: 'profile.not-found' } });
    expect(await update('there')).toMatchObject({ ok: true });
    await service.send('profile.delete', { name: 'there' });
    await create('there');
    expect(await update('there')).toMatchObject({ ok: true });
    await service.send('project.create', { name: 'sharing', description: '', config: {} });
    expect(await update('default', 'sharing')).toMatchObject({ ok: true });
    await service.send('project.update', { name: 'sharing', mode: 'merge', config: { 'features.profiles': 'false' } });
    expect(await update('default', 'sharing')).toMatchObject({ ok: true });
    expect(await show('default')).toMatchObject({ description: 'sharing' });
    await service.send('profile.update', { name: 'default', mode: 'merge', description: 'Default LXD profile' });
  });

  it('are not deleted while an instance uses them', async () => {
    await create('used');
    const remove = await addInstance('default', await profileId('used'));
    expect(await show('used')).toMatchObject({ used_by: [expect.stringMatching(/^\/1.0\/instances\/c/)] });
    expect(await service.send('profile.delete', { name: 'used' })).toMatchObject({
      ok: false,
      error: { code: 'profile.in-use', message: 'Profile is currently in use' },
    });
    await remove();
    expect(await service.send('profile.delete', { name: 'used' })).toMatchObject({ ok: true });
    expect(await service.send('profile.delete', { name: 'used' })).toMatchObject({
      ok: false,
      error: { code: 'profile.not-found', message: 'Profile not found' },
    });
    expect(await service.send('profile.delete', { name: 'default' })).toMatchObject({ ok: false, error: { code: 'auth.forbidden' } });
  });

  it('survive updates from many clients: each is applied to what the one before left', async () => {
    await create('busy');
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) => service.send('profile.update', { name: 'busy', mode: 'merge', config: { [`user.k${n}`]: 'v' } })),
    );
    expect(replies.every(({ ok }) => ok)).toBe(true);
    expect(Object.keys((await show('busy'))!.config as object)).toHaveLength(20);
  });

  it('of another project stay out of reach of a restricted client', async () => {
    const actor = { ...UNRESTRICTED, protocol: 'tls' as const, projects: ['mine'] };
    expect(await service.send('profile.create', profile('sneaky'), { actor })).toMatchObject({ ok: false, error: { code: 'auth.forbidden' } });
    await service.send('project.create', { name: 'mine', description: '', config: { 'features.profiles': 'false' } });
    expect(await service.send('profile.create', profile('sneaky'), { actor, project: 'mine' })).toMatchObject({ ok: false, error: { code: 'auth.forbidden' } });
  });
});

describe('projects', () => {
  it('bring a default profile unless they share the one of default', async () => {
    await service.send('project.create', { name: 'own', description: '', config: { 'features.images': 'false' } });
    await service.send('project.create', { name: 'shared', description: '', config: { 'features.profiles': 'false' } });
    expect(await service.doc('project_v1', { name: 'own' })).toMatchObject({ used_by: ['/1.0/profiles/default?project=own'] });
    expect(await show('default', 'own')).toMatchObject({ description: 'Default LXD profile for project own', devices: {} });
    expect(await show('default', 'shared')).toMatchObject({ description: 'Default LXD profile' });
    expect(await service.doc('project_v1', { name: 'shared' })).toMatchObject({ used_by: [] });
  });

  it('gain and lose the default profile with the feature', async () => {
    await service.send('project.create', { name: 'toggled', description: '', config: {} });
    await service.send('project.update', { name: 'toggled', mode: 'merge', config: { 'features.profiles': 'false' } });
    expect(await show('default', 'toggled')).toMatchObject({ description: 'Default LXD profile' });
    await service.send('project.update', { name: 'toggled', mode: 'merge', config: { 'features.profiles': 'true' } });
    expect(await show('default', 'toggled')).toMatchObject({ description: 'Default LXD profile for project toggled' });
  });

  it('are refused when they exist, in the words of LXD', async () => {
    await service.send('project.create', { name: 'proj1', description: '', config: {} });
    expect(await service.send('project.create', { name: 'proj1', description: '', config: {} })).toMatchObject({
      ok: false,
      error: { code: 'project.exists', message: 'Failed creating project "proj1": Failed adding database record: This "projects" entry already exists' },
    });
  });

  it('take their default profile and certificates along when renamed', async () => {
    await service.send('project.create', { name: 'before', description: '', config: {} });
    const reply = await service.send('project.rename', { name: 'before', newName: 'after' });
    expect(reply).toMatchObject({ ok: true, result: { description: 'Renaming project', status_code: 200 } });
    expect(await service.doc('project_v1', { name: 'before' })).toBeUndefined();
    expect(await show('default', 'after')).toMatchObject({ name: 'default' });
    expect(await service.send('profile.update', { name: 'default', mode: 'merge', description: 'moved' }, { project: 'after' })).toMatchObject({ ok: true });
  });

  it('are deleted with their default profile when nothing else is in them', async () => {
    await service.send('project.create', { name: 'doomed', description: '', config: {} });
    await create('extra', 'doomed');
    expect(await service.send('project.delete', { name: 'doomed' })).toMatchObject({
      ok: false,
      error: { code: 'project.in-use', message: 'Only empty projects can be removed' },
    });
    await service.send('profile.delete', { name: 'extra' }, { project: 'doomed' });
    expect(await service.send('project.delete', { name: 'doomed' })).toMatchObject({ ok: true });
    expect(await service.doc('project_v1', { name: 'doomed' })).toBeUndefined();
    expect((await service.pool.query(`SELECT FROM profile WHERE project = 'doomed'`)).rowCount).toBe(0);
  });

  it('keep their profiles within their restrictions, and are not restricted below what is in them', async () => {
    const privileged = { config: { 'security.privileged': 'true' } };
    await service.send('project.create', { name: 'strict', description: '', config: { restricted: 'true' } });
    expect(await service.send('profile.create', { ...profile('root'), ...privileged }, { project: 'strict' })).toMatchObject({
      ok: false,
      error: { code: 'project.restricted', message: expect.stringContaining('restricted.containers.privilege') },
    });
    expect(await service.send('profile.update', { name: 'default', mode: 'merge', ...privileged }, { project: 'strict' })).toMatchObject({
      ok: false,
      error: { code: 'project.restricted' },
    });
    await service.send('project.create', { name: 'loose', description: '', config: {} });
    await service.send('profile.update', { name: 'default', mode: 'merge', ...privileged }, { project: 'loose' });
    expect(await service.send('project.update', { name: 'loose', mode: 'merge', config: { restricted: 'true' } })).toMatchObject({
      ok: false,
      error: { code: 'project.restricted' },
    });
    expect(
      await service.send('project.update', { name: 'loose', mode: 'merge', config: { restricted: 'true', 'restricted.containers.privilege': 'allow' } }),
    ).toMatchObject({ ok: true });
  });

  it('protect restricted projects from profiles that they share', async () => {
    await service.send('project.create', { name: 'sharer', description: '', config: { restricted: 'true', 'features.profiles': 'false' } });
    await create('common');
    const update = () => service.send('profile.update', { name: 'common', mode: 'merge', config: { 'security.privileged': 'true' } });
    const remove = await addInstance('sharer', await profileId('common'));
    expect(await update()).toMatchObject({ ok: false, error: { code: 'project.restricted', message: expect.stringContaining('project "sharer"') } });
    await remove();
    expect(await update()).toMatchObject({ ok: true });
  });

  it('are never left without the thing that somebody added while they were being deleted', async () => {
    for (let round = 0; round < 10; round += 1) {
      const name = `race${round}`;
      await service.send('project.create', { name, description: '', config: {} });
      const [deleted, added] = await Promise.all([service.send('project.delete', { name }), create('late', name)]);
      const project = await service.doc('project_v1', { name });
      const late = await service.pool.query(`SELECT FROM profile WHERE project = $1 AND name = 'late'`, [name]);
      expect(deleted.ok && added.ok).toBe(false);
      expect({ project: project !== undefined, late: late.rowCount }).toEqual(
        deleted.ok ? { project: false, late: 0 } : { project: true, late: added.ok ? 1 : 0 },
      );
    }
  });
});

it.each([projectProjection, profileProjection, storagePoolProjection])('replay(log) = rows: $name', async (projection) => {
  await expectFoldEqualsRows(service.store, projection);
});
