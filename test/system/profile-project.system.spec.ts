import { startPlatform, type Platform } from './platform';

interface ProfileJson {
  config: Record<string, string>;
  devices: Record<string, Record<string, string>>;
  used_by: string[];
}
interface InstanceJson {
  config: Record<string, string>;
  expanded_config: Record<string, string>;
  expanded_devices: Record<string, Record<string, string>>;
  profiles: string[];
}

describe('profiles and projects under the stock client', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform();
  }, 240_000);
  afterAll(() => weft?.stop(), 120_000);

  const profile = (name: string, project = 'default') => weft.query<ProfileJson>(`/1.0/profiles/${name}?project=${project}`);
  const instance = (name: string) => weft.query<InstanceJson>(`/1.0/instances/${name}`);

  it('starts with a default profile that has a root disk', async () => {
    expect((await profile('default')).devices).toMatchObject({ root: { type: 'disk', path: '/', pool: 'default' } });
  });

  it('creates, shows, edits, renames, copies and deletes a profile', async () => {
    await weft.ok(['profile', 'create', 'web']);
    await weft.ok(['profile', 'set', 'web', 'limits.cpu=1', 'user.tier=front']);
    expect((await profile('web')).config).toEqual({ 'limits.cpu': '1', 'user.tier': 'front' });
    expect((await weft.ok(['profile', 'get', 'web', 'user.tier'])).trim()).toBe('front');
    await weft.ok(['profile', 'edit', 'web'], { input: 'config: {user.tier: back}\ndescription: edited\ndevices: {}\n' });
    expect((await profile('web')).config).toEqual({ 'user.tier': 'back' });
    await weft.ok(['profile', 'device', 'add', 'web', 'tools', 'disk', 'source=/usr/share', 'path=/tools']);
    await weft.ok(['profile', 'copy', 'web', 'web2']);
    await weft.ok(['profile', 'rename', 'web2', 'web3']);
    expect((await profile('web3')).devices).toEqual({ tools: { type: 'disk', source: '/usr/share', path: '/tools' } });
    await weft.ok(['profile', 'delete', 'web3']);
    expect(await weft.ok(['profile', 'list', '-f', 'csv'])).not.toContain('web3');
  });

  it('expands profiles in their order, then the instance, and follows changes', async () => {
    await weft.ok(['profile', 'create', 'late']);
    await weft.ok(['profile', 'set', 'late', 'user.tier=late', 'user.other=1']);
    await weft.ok(['init', 'tiny', 'p1', '-p', 'default', '-p', 'web', '-p', 'late', '-c', 'user.own=yes']);
    expect((await instance('p1')).expanded_config).toMatchObject({ 'user.tier': 'late', 'user.other': '1', 'user.own': 'yes' });
    await weft.ok(['profile', 'set', 'late', 'user.tier=changed']);
    expect((await instance('p1')).expanded_config['user.tier']).toBe('changed');
    expect((await profile('late')).used_by).toEqual(['/1.0/instances/p1']);
    expect((await instance('p1')).expanded_devices).toHaveProperty('tools');
    await weft.ok(['profile', 'remove', 'p1', 'web']);
    expect((await instance('p1')).expanded_devices).not.toHaveProperty('tools');
    expect(await weft.refused(['profile', 'delete', 'late'])).toMatch(/in use/i);
    await weft.ok(['profile', 'assign', 'p1', 'default']);
    await weft.ok(['profile', 'delete', 'late']);
  });

  it('mounts a disk device, and shows config edits', async () => {
    await weft.ok(['profile', 'add', 'p1', 'web']);
    await weft.ok(['start', 'p1']);
    expect(await weft.ok(['exec', 'p1', '--', 'ls', '/tools'])).toContain('common-licenses'.slice(0, 3));
    await weft.ok(['config', 'set', 'p1', 'environment.COLOUR=green']);
    expect(await weft.ok(['exec', 'p1', '--', 'sh', '-c', 'echo $COLOUR'])).toBe('green\n');
    expect(await weft.ok(['config', 'show', 'p1'])).toContain('environment.COLOUR: green');
    await weft.ok(['delete', '-f', 'p1']);
  });

  it('keeps projects apart', async () => {
    await weft.ok(['project', 'create', 'tenant', '-c', 'features.images=false', '-c', 'features.profiles=true']);
    expect((await profile('default', 'tenant')).devices).toEqual({});
    await weft.ok(['profile', 'device', 'add', 'default', 'root', 'disk', 'path=/', 'pool=default', '--project', 'tenant']);
    await weft.ok(['launch', 'tiny', 'same', '--project', 'tenant']);
    await weft.ok(['launch', 'tiny', 'same']);
    expect(await weft.ok(['exec', 'same', '--project', 'tenant', '--', 'hostname'])).toBe('same\n');
    expect(await weft.query<string[]>('/1.0/instances?project=tenant')).toEqual(['/1.0/instances/same?project=tenant']);
    expect((await weft.ok(['list', '--all-projects', '-c', 'en', '-f', 'csv'])).trim().split('\n').sort()).toEqual(['default,same', 'tenant,same']);
    expect(await weft.refused(['project', 'delete', 'tenant'])).toMatch(/empty/i);
    await weft.ok(['delete', '-f', 'same', '--project', 'tenant']);
    await weft.ok(['delete', '-f', 'same']);
    await weft.ok(['project', 'rename', 'tenant', 'tenant2']);
    await weft.ok(['project', 'delete', 'tenant2']);
  });

  it('holds a project to its limits', async () => {
    await weft.ok(['project', 'create', 'small', '-c', 'features.images=false', '-c', 'features.profiles=false', '-c', 'limits.instances=1']);
    await weft.ok(['init', 'tiny', 'one', '--project', 'small']);
    expect(await weft.refused(['init', 'tiny', 'two', '--project', 'small'])).toMatch(/maximum number of instances/i);
    await weft.ok(['delete', 'one', '--project', 'small']);
    await weft.ok(['project', 'delete', 'small']);
  });

  it('shows its storage pool and members', async () => {
    expect(await weft.ok(['storage', 'list', '-f', 'csv'])).toContain('default,dir');
    expect(await weft.ok(['storage', 'info', 'default'])).toContain('driver: dir');
    await weft.ok(['init', 'tiny', 'vol']);
    expect(await weft.ok(['storage', 'volume', 'list', 'default', '-f', 'csv'])).toContain('container,vol');
    await weft.ok(['delete', 'vol']);
  });
});
