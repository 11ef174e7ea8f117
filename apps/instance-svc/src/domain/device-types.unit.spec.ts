import { parseDevices, rootDisk } from './device-types';

const root = { type: 'disk', path: '/', pool: 'default' };

it('takes disks and none, and drops empty options', () => {
  expect(parseDevices({ root: { ...root, size: '' }, eth0: { type: 'none' } })).toEqual({ root, eth0: { type: 'none' } });
});

it.each([
  [{ eth0: { type: 'nic', network: 'lxdbr0' } }, 'Unsupported device type "nic"'],
  [{ x: { type: 'toaster' } }, 'Unsupported device type "toaster"'],
  [{ x: {} }, 'Missing device type'],
  [{ root: { ...root, foo: '1' } }, 'Invalid device option "foo"'],
  [{ root: { ...root, size: 'big' } }, '"size"'],
  [{ root: { type: 'disk', path: '/' } }, '"pool"'],
  [{ root: { ...root, source: '/x' } }, 'Root disk entry may not have a "source"'],
  [{ data: { type: 'disk', path: '/data' } }, '"source"'],
  [{ data: { type: 'disk', source: '/x' } }, '"path"'],
  [{ data: { type: 'disk', source: '/etc', path: '/data', pool: 'default' } }, 'absolute paths'],
  [{ data: { type: 'disk', source: '/x', path: '/a/../../etc' } }, 'Invalid path'],
  [{ 'a/b': root }, 'Device validation failed for "a/b"'],
])('refuses %j', (devices, sentence) => {
  expect(() => parseDevices(devices as never)).toThrow(sentence);
});

it('wants exactly one root disk', () => {
  expect(rootDisk({ root })).toEqual({ name: 'root', disk: root });
  expect(() => rootDisk({})).toThrow('No root device could be found');
  expect(() => rootDisk({ a: root, b: root })).toThrow('More than one root disk');
});
