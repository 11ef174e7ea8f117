import type { ProjectEvent } from '@weft/contracts';
import { decideProject, type ProjectCommand } from './project.decider';
import { checkInstanceLimits } from './project.limits';
import { projectEtag, projectFold } from './project.state';

const created = (name: string, config: Record<string, string> = { 'features.profiles': 'true' }): ProjectEvent => ({
  type: 'ProjectCreated',
  data: { id: 'p', name, description: 'd', config },
});
const given = (...events: ProjectEvent[]) => ({
  when: (command: ProjectCommand) => decideProject(command, events.reduce(projectFold.evolve, projectFold.initial)),
});
const idle = { usage: { containers: 0, virtualMachines: 0 }, empty: true };

describe('a new project', () => {
  it('has its own images, profiles and volumes unless told otherwise', () => {
    const [event] = given().when({
      type: 'create',
      id: 'p',
      name: 'proj1',
      description: '',
      config: { 'features.images': 'false', 'features.networks': 'true' },
    });
    expect(event).toEqual({
      type: 'ProjectCreated',
      data: {
        id: 'p',
        name: 'proj1',
        description: '',
        config: { 'features.images': 'false', 'features.networks': 'true', 'features.profiles': 'true', 'features.storage.volumes': 'true' },
      },
    });
  });

  it.each(['', 'a/b', 'a b', 'a_b', "a'b", '*', '.', '..', 'a\u0007'])('is refused the name %j', (name) => {
    expect(() => given().when({ type: 'create', id: 'p', name, description: '', config: {} })).toThrow(expect.objectContaining({ code: 'request.invalid' }));
  });

  it.each([
    ['nosuch', '1', 'Invalid project configuration key "nosuch"'],
    ['limits.containers', 'many', 'Invalid project configuration key "limits.containers" value'],
    ['restricted.devices.nic', 'perhaps', 'not one of allow, managed, block'],
    ['toString', '1', 'Invalid project configuration key "toString"'],
  ])('is refused %s=%s', (key, value, message) => {
    expect(() => given().when({ type: 'create', id: 'p', name: 'a', description: '', config: { [key]: value } })).toThrow(message);
  });
});

describe('an update', () => {
  it('replaces or merges', () => {
    const before = created('a', { 'features.profiles': 'true', 'user.x': '1' });
    const replaced = given(before).when({ type: 'update', mode: 'replace', config: { 'features.profiles': 'true' }, ...idle });
    const merged = given(before).when({ type: 'update', mode: 'merge', config: { 'user.x': '', 'user.y': '2' }, ...idle });
    expect(replaced[0]?.data).toMatchObject({ description: '', config: { 'features.profiles': 'true' } });
    expect(merged[0]?.data).toMatchObject({ description: 'd', config: { 'features.profiles': 'true', 'user.y': '2' } });
  });

  it('changes features of empty projects only, and never those of default', () => {
    const update = { type: 'update', mode: 'merge', config: { 'features.profiles': 'false' } } as const;
    expect(() => given(created('a')).when({ ...update, ...idle, empty: false })).toThrow('Features can only be changed on empty projects');
    expect(() => given(created('default')).when({ ...update, ...idle })).toThrow("features of the 'default' project");
    expect(given(created('a')).when({ ...update, ...idle })).toHaveLength(1);
  });

  it('refuses a limit below what is there', () => {
    const update = { type: 'update', mode: 'merge', config: { 'limits.instances': '2' }, empty: false } as const;
    expect(() => given(created('a')).when({ ...update, usage: { containers: 2, virtualMachines: 1 } })).toThrow(
      '"limits.instances" is too low: there currently are 3',
    );
  });

  it('refuses an old ETag', () => {
    const etag = projectEtag({ description: 'd', config: { 'features.profiles': 'true' } });
    expect(given(created('a')).when({ type: 'update', mode: 'merge', ifMatch: etag, ...idle })).toHaveLength(1);
    expect(() => given(created('a')).when({ type: 'update', mode: 'merge', ifMatch: 'old', ...idle })).toThrow(
      expect.objectContaining({ code: 'etag.mismatch' }),
    );
  });
});

describe('rename and delete', () => {
  it('leave default alone', () => {
    expect(() => given(created('default')).when({ type: 'rename', newName: 'b', empty: true })).toThrow("The 'default' project cannot be renamed");
    expect(() => given(created('default')).when({ type: 'delete', empty: true })).toThrow("The 'default' project cannot be deleted");
  });

  it('want an empty project', () => {
    expect(() => given(created('a')).when({ type: 'rename', newName: 'b', empty: false })).toThrow('Only empty projects can be renamed');
    expect(() => given(created('a')).when({ type: 'delete', empty: false })).toThrow('Only empty projects can be removed');
    expect(given(created('a')).when({ type: 'rename', newName: 'b', empty: true })).toEqual([
      { type: 'ProjectRenamed', data: { id: 'p', oldName: 'a', name: 'b' } },
    ]);
    expect(given(created('a')).when({ type: 'delete', empty: true })).toEqual([{ type: 'ProjectDeleted', data: { id: 'p', name: 'a' } }]);
  });

  it('need a project that is there', () => {
    const gone: ProjectEvent = { type: 'ProjectDeleted', data: { id: 'p', name: 'a' } };
    expect(() => given(created('a'), gone).when({ type: 'delete', empty: true })).toThrow(expect.objectContaining({ code: 'project.not-found' }));
  });
});

describe('instance limits', () => {
  const usage = { containers: 2, virtualMachines: 1 };
  it.each([
    ['limits.instances', '3', 'container', 'instances'],
    ['limits.containers', '2', 'container', 'containers'],
    ['limits.virtual-machines', '0', 'virtual-machine', 'virtual machines'],
  ] as const)('%s=%s refuses a %s', (key, value, type, label) => {
    expect(() => checkInstanceLimits('a', { [key]: value }, usage, type)).toThrow(`Reached maximum number of ${label} in project "a"`);
  });

  it('count only what they are about', () => {
    expect(() => checkInstanceLimits('a', { 'limits.containers': '0', 'limits.instances': '4' }, usage, 'virtual-machine')).not.toThrow();
  });
});
