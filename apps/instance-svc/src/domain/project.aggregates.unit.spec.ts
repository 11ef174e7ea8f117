import { checkAggregateLimits, type SizedInstance } from './project.aggregates';

const instance = (config: Record<string, string>, changes: Partial<SizedInstance> & { size?: string } = {}): SizedInstance => ({
  name: 'c1',
  type: 'container',
  config,
  devices: { root: { type: 'disk', path: '/', pool: 'default', ...(changes.size ? { size: changes.size } : {}) } },
  ...changes,
});
const check =
  (config: Record<string, string>, ...instances: SizedInstance[]) =>
  () =>
    checkAggregateLimits({ name: 'p', config }, instances);

describe('the sum over a project', () => {
  it.each([
    ['limits.cpu', '3', ['1', '2'], ['2', '2']],
    ['limits.memory', '1GiB', ['512MiB', '512MiB'], ['512MiB', '513MiB']],
    ['limits.processes', '100', ['50', '50'], ['100', '1']],
  ])('%s=%s', (key, limit, enough, tooMuch) => {
    expect(check({ [key]: limit }, ...enough.map((value) => instance({ [key]: value })))).not.toThrow();
    expect(check({ [key]: limit }, ...tooMuch.map((value) => instance({ [key]: value })))).toThrow(
      expect.objectContaining({ code: 'project.limit-reached', message: `Reached maximum aggregate value "${limit}" for "${key}" in project "p"` }),
    );
  });

  it('counts root disks against limits.disk', () => {
    expect(check({ 'limits.disk': '3GB' }, instance({}, { size: '1GB' }), instance({}, { size: '2GB' }))).not.toThrow();
    expect(check({ 'limits.disk': '3GB' }, instance({}, { size: '2GB' }), instance({}, { size: '2GB' }))).toThrow('"limits.disk"');
    expect(check({ 'limits.disk': '3GB' }, instance({}))).toThrow('has no size of the root disk');
  });

  it("is nobody's business in a project without limits", () => {
    expect(check({ 'limits.instances': '1' }, instance({}), instance({ 'limits.memory': '50%' }))).not.toThrow();
  });

  it.each([
    ['limits.memory', '1GiB', {}, 'Instance "c1" in project "p" has no limits.memory'],
    ['limits.memory', '1GiB', { 'limits.memory': '50%' }, '"50%" is no fixed size'],
    ['limits.cpu', '4', { 'limits.cpu': '0-1' }, '"0-1" is no fixed number'],
    ['limits.processes', '4', {}, 'has no limits.processes'],
  ])('with %s=%s wants a fixed value from each: %j', (key, limit, config, message) => {
    expect(check({ [key]: limit }, instance(config as Record<string, string>))).toThrow(message);
  });

  it('does not ask virtual machines for processes', () => {
    expect(check({ 'limits.processes': '1' }, instance({}, { type: 'virtual-machine' }))).not.toThrow();
  });
});
