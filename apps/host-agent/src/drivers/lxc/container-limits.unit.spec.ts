import fc from 'fast-check';
import { cgroupValues, cpuSet, type HostLimits, memoryBytes } from './container-limits';

const GIB = 2 ** 30;
const host = (version: 1 | 2 | undefined): HostLimits => ({ cpus: [0, 1, 2, 3], memoryBytes: 8 * GIB, version: () => version, swapAccounting: true });
const written = (config: Record<string, string>, version: 1 | 2): Record<string, string> =>
  Object.fromEntries(
    cgroupValues(config, host(version), 'id')
      .filter((value) => !value.isDefault)
      .map(({ file, value }) => [file, value]),
  );

describe('limits', () => {
  it('asks for nothing without keys, and takes everything back', () => {
    for (const version of [1, 2] as const) {
      expect(written({}, version)).toEqual({});
      expect(cgroupValues({}, host(version), 'id').length).toBeGreaterThan(5);
    }
    expect(cgroupValues({}, host(undefined), 'id')).toEqual([]);
  });

  it('writes the files of the version that the host has', () => {
    const config = { 'limits.cpu': '0-1,3', 'limits.cpu.allowance': '25ms/100ms', 'limits.memory': '512MiB', 'limits.processes': '100' };
    expect(written(config, 1)).toEqual({
      'cpuset.cpus': '0,1,3',
      'cpu.cfs_period_us': '100000',
      'cpu.cfs_quota_us': '25000',
      'memory.soft_limit_in_bytes': '483183821',
      'memory.limit_in_bytes': '536870912',
      'memory.memsw.limit_in_bytes': '536870912',
      'pids.max': '100',
    });
    expect(written(config, 2)).toEqual({ 'cpuset.cpus': '0,1,3', 'cpu.max': '25000 100000', 'memory.max': '536870912', 'pids.max': '100' });
  });

  it('knows shares, priority, soft memory and no swap', () => {
    expect(written({ 'limits.cpu.allowance': '50%' }, 1)).toEqual({ 'cpu.shares': '512' });
    expect(written({ 'limits.cpu.allowance': '50%', 'limits.cpu.priority': '5' }, 2)).toEqual({ 'cpu.weight': '45' });
    expect(written({ 'limits.memory': '25%', 'limits.memory.enforce': 'soft' }, 2)).toEqual({ 'memory.high': String(2 * GIB) });
    expect(written({ 'limits.memory.swap': 'false' }, 2)).toEqual({ 'memory.swap.max': '0' });
  });

  it.each([
    ['limits.cpu', '3-1'],
    ['limits.cpu', '0,x'],
    ['limits.cpu', '0'],
    ['limits.cpu', '7-9'],
    ['limits.cpu.allowance', '50'],
    ['limits.cpu.allowance', '0ms/100ms'],
    ['limits.cpu.allowance', '10ms/5000ms'],
    ['limits.cpu.priority', '11'],
    ['limits.memory', '12XB'],
    ['limits.memory', '0'],
    ['limits.memory', '101%'],
    ['limits.processes', '-1'],
  ])('refuses %s=%s', (key, value) => {
    expect(() => cgroupValues({ [key]: value }, host(2), 'id')).toThrow(
      expect.objectContaining({ code: 'config.invalid', message: expect.stringContaining(key) as string }) as Error,
    );
  });

  it('refuses a limit that the host cannot keep', () => {
    expect(() => cgroupValues({ 'limits.memory': '1GiB' }, host(undefined), 'id')).toThrow(/no cgroup controller "memory"/);
  });
});

describe('memoryBytes', () => {
  it.each([
    ['1024', 1024],
    ['1kB', 1000],
    ['2GB', 2e9],
    ['1GiB', GIB],
    ['50%', 4 * GIB],
  ])('reads %s', (text, bytes) => {
    expect(memoryBytes(text, 8 * GIB)).toBe(bytes);
  });
});

describe('cpuSet', () => {
  it('gives as many processors as wanted, of those that are there, the same ones each time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.uniqueArray(fc.nat(64), { minLength: 1, maxLength: 8 }), fc.uuid(), (count, online, id) => {
        const cpus = cpuSet(String(count), online, id).split(',').map(Number);
        expect(new Set(cpus).size).toBe(Math.min(count, online.length));
        expect(cpus.every((cpu) => online.includes(cpu))).toBe(true);
        expect(cpuSet(String(count), online, id)).toBe(cpus.join(','));
      }),
    );
  });
});
