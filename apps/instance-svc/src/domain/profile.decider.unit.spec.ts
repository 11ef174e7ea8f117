import type { ProfileEvent } from '@weft/contracts';
import { decideProfile, type ProfileCommand } from './profile.decider';
import { profileEtag, profileFold } from './profile.state';

const content = { description: 'd', config: { 'user.a': 'b' }, devices: { n: { type: 'none' } } };
const created = (name = 'small'): ProfileEvent => ({ type: 'ProfileCreated', data: { id: 'p', project: 'web', name, ...content } });
const given = (...events: ProfileEvent[]) => ({
  when: (command: ProfileCommand) => decideProfile(command, events.reduce(profileFold.evolve, profileFold.initial)),
});
const create = (name: string, extra: object = {}): ProfileCommand => ({
  type: 'create',
  id: 'p',
  project: 'web',
  name,
  description: '',
  config: {},
  devices: {},
  ...extra,
});

describe('a new profile', () => {
  it('drops what is not set and sorts the rest', () => {
    const [event] = given().when(create('small', { config: { 'user.b': '2', 'user.a': '1', 'limits.cpu': '' } }));
    expect(event?.data).toEqual({ id: 'p', project: 'web', name: 'small', description: '', config: { 'user.a': '1', 'user.b': '2' }, devices: {} });
  });

  it.each(['', '.', '..', 'a/b', 'a\nb', 'x'.repeat(256)])('is refused the name %j', (name) => {
    expect(() => given().when(create(name))).toThrow(expect.objectContaining({ code: 'request.invalid' }));
  });

  it('takes keys of containers and of virtual machines, because it serves both', () => {
    expect(given().when(create('both', { config: { 'security.nesting': 'true', 'security.secureboot': 'false' } }))).toHaveLength(1);
  });

  it.each(['volatile.uuid', 'image.os'])('is refused %s, which describes one instance', (key) => {
    expect(() => given().when(create('x', { config: { [key]: '1' } }))).toThrow(`"${key}" can only be set on an instance`);
  });
});

describe('an update', () => {
  it('replaces everything that it does not mention', () => {
    expect(given(created()).when({ type: 'update', mode: 'replace', config: { 'user.c': 'd' } })[0]?.data).toMatchObject({
      description: '',
      config: { 'user.c': 'd' },
      devices: {},
    });
  });

  it('merges keys, and devices as wholes', () => {
    const [event] = given(created()).when({ type: 'update', mode: 'merge', config: { 'user.a': '', 'user.c': 'd' }, devices: { m: { type: 'none' } } });
    expect(event?.data).toMatchObject({ description: 'd', config: { 'user.c': 'd' }, devices: { m: { type: 'none' }, n: { type: 'none' } } });
  });

  it('goes ahead only for who saw the present version', () => {
    expect(given(created()).when({ type: 'update', mode: 'merge', ifMatch: `"${profileEtag(content)}"` })).toHaveLength(1);
    expect(() => given(created()).when({ type: 'update', mode: 'merge', ifMatch: 'old' })).toThrow(expect.objectContaining({ code: 'etag.mismatch' }));
  });
});

describe('rename, move and delete', () => {
  it('are recorded with what was before', () => {
    expect(given(created()).when({ type: 'rename', newName: 'tiny' })[0]?.data).toMatchObject({ oldName: 'small', name: 'tiny' });
    expect(given(created()).when({ type: 'move', project: 'shop' })[0]?.data).toMatchObject({ oldProject: 'web', project: 'shop' });
    expect(given(created()).when({ type: 'delete', inUse: false, withProject: false })[0]?.type).toBe('ProfileDeleted');
  });

  it('leave default alone, unless its project goes', () => {
    expect(() => given(created('default')).when({ type: 'rename', newName: 'x' })).toThrow('The "default" profile cannot be renamed');
    expect(() => given(created('default')).when({ type: 'delete', inUse: false, withProject: false })).toThrow('The "default" profile cannot be deleted');
    expect(given(created('default')).when({ type: 'delete', inUse: false, withProject: true })).toHaveLength(1);
  });

  it('do not take a profile away from an instance', () => {
    expect(() => given(created()).when({ type: 'delete', inUse: true, withProject: false })).toThrow(expect.objectContaining({ code: 'profile.in-use' }));
  });

  it('need a profile that is there', () => {
    const gone: ProfileEvent = { type: 'ProfileDeleted', data: { id: 'p', project: 'web', name: 'small' } };
    expect(() => given(created(), gone).when({ type: 'rename', newName: 'x' })).toThrow(expect.objectContaining({ code: 'profile.not-found' }));
  });
});
