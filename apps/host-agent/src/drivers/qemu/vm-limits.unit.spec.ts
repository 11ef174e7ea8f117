import { cpuLimit, DEFAULT_MEMORY_BYTES, memoryBytes, parseBytes, rootSizeBytes } from './vm-limits';

const GIB = 1024 ** 3;

describe('limits of a virtual machine', () => {
  it.each([
    ['10GiB', 10 * GIB],
    ['1GB', 1e9],
    ['512', 512],
    ['4096B', 4096],
    ['2 MiB', 2 * 1024 ** 2],
  ])('reads %s', (text, bytes) => {
    expect(parseBytes(text, 'size')).toBe(bytes);
  });
  it.each(['', '-1GiB', '1.5GiB', '10Gi', 'many'])('refuses "%s"', (text) => {
    expect(() => parseBytes(text, 'size')).toThrow(expect.objectContaining({ code: 'config.invalid' }));
  });

  it('takes memory from the configuration, whole MiB', () => {
    expect(memoryBytes({}, 8 * GIB)).toBe(DEFAULT_MEMORY_BYTES);
    expect(memoryBytes({ 'limits.memory': '50%' }, 8 * GIB)).toBe(4 * GIB);
    expect(memoryBytes({ 'limits.memory': '1GB' }, 8 * GIB) % 1024 ** 2).toBe(0);
    expect(() => memoryBytes({ 'limits.memory': '1MiB' }, GIB)).toThrow(expect.objectContaining({ code: 'config.invalid' }));
  });

  it.each([
    ['', { count: 1 }],
    ['4', { count: 4 }],
    ['0-2,5', { count: 4, pins: [0, 1, 2, 5] }],
    ['3-3', { count: 1, pins: [3] }],
    ['1,1,0-1', { count: 2, pins: [0, 1] }],
  ])('reads limits.cpu "%s"', (text, limit) => {
    expect(cpuLimit({ 'limits.cpu': text })).toEqual(limit);
  });
  it.each(['0', '256', '3-1', 'two', '1,,2', '-1'])('refuses limits.cpu "%s"', (text) => {
    expect(() => cpuLimit({ 'limits.cpu': text })).toThrow(expect.objectContaining({ code: 'config.invalid' }));
  });

  it('reads the size of the root device only', () => {
    const data = { type: 'disk', path: '/srv', size: '5GiB' };
    expect(rootSizeBytes({ data, root: { type: 'disk', path: '/', size: '20GiB' } })).toBe(20 * GIB);
    expect(rootSizeBytes({ data, root: { type: 'disk', path: '/' } })).toBeUndefined();
  });
});
