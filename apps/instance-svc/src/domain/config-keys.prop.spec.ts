import fc from 'fast-check';
import { changedKeys, configKey, CONFIG_KEYS, parseConfig } from './config-keys';

const map = fc.dictionary(
  fc.constantFrom('user.a', 'user.b', 'environment.X', 'image.os'),
  fc.string({ minLength: 1 }).filter((text) => !text.includes('\0')),
);

it('keeps every free key as it is, and drops empty values', () => {
  fc.assert(
    fc.property(map, (config) => {
      expect(parseConfig(config, 'container')).toEqual(config);
      expect(parseConfig({ ...config, 'user.gone': '' }, 'container')).toEqual(config);
    }),
  );
});

it('parsing twice is parsing once', () => {
  fc.assert(fc.property(map, (config) => expect(parseConfig(parseConfig(config, undefined), undefined)).toEqual(parseConfig(config, undefined))));
});

it('has no key that an unknown name could stand for', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      fc.pre(!Object.hasOwn(CONFIG_KEYS, name) && !/^(environment|image|limits\.kernel|linux\.sysctl|user|volatile)\./.test(name));
      expect(() => parseConfig({ [name]: 'x' }, undefined)).toThrow(`Unknown configuration key: ${name}`);
    }),
  );
});

it('finds no key on the prototype', () => {
  for (const name of ['constructor', '__proto__', 'toString']) expect(configKey(name)).toBeUndefined();
});

it('tells the keys that changed, in both directions', () => {
  fc.assert(
    fc.property(map, map, (before, after) => {
      expect(changedKeys(before, after).sort()).toEqual(changedKeys(after, before).sort());
      expect(changedKeys(before, before)).toEqual([]);
    }),
  );
});

it.each([
  ['limits.cpu', '2'],
  ['limits.cpu', '0-3'],
  ['limits.cpu', '0,2,4-6'],
  ['limits.memory', '512MiB'],
  ['limits.memory', '50%'],
  ['limits.cpu.allowance', '25ms/100ms'],
  ['limits.kernel.nofile', '100:200'],
  ['limits.processes', '500'],
  ['boot.autostart', 'on'],
  ['snapshots.expiry', '1w 2d'],
  ['snapshots.schedule', '@daily'],
  ['linux.kernel_modules', 'br_netfilter,overlay'],
  ['linux.sysctl.net.ipv4.ip_forward', '1'],
])('%s takes %s', (key, value) => {
  expect(parseConfig({ [key]: value }, 'container')).toEqual({ [key]: value });
});

it.each([
  ['limits.cpu', '0'],
  ['limits.cpu', 'all'],
  ['limits.cpu', '3-1'],
  ['limits.memory', '1 parsec'],
  ['limits.memory', '0%'],
  ['limits.cpu.allowance', 'half'],
  ['limits.cpu.priority', '11'],
  ['boot.autostart', 'maybe'],
  ['cluster.evacuate', 'never'],
  ['snapshots.schedule', 'soon'],
  ['linux.kernel_modules', '../../etc'],
  ['nvidia.runtime', 'true'],
])('%s refuses %s and names the key', (key, value) => {
  expect(() => parseConfig({ [key]: value }, 'container')).toThrow(key);
});

it('knows which kind of instance has a key; profiles may have all', () => {
  expect(() => parseConfig({ 'limits.processes': '5' }, 'virtual-machine')).toThrow('only containers have it');
  expect(() => parseConfig({ 'security.secureboot': 'false' }, 'container')).toThrow('only virtual-machines have it');
  expect(parseConfig({ 'limits.processes': '5', 'security.secureboot': 'false' }, undefined)).toHaveProperty(['security.secureboot']);
});
