import { containerCoreScheduling, type CoreSchedulingSupport, detectCoreScheduling, wantsCoreScheduling } from './core-scheduling';
import { PrctlError } from './prctl';

const can: CoreSchedulingSupport = { available: true };
const cannot: CoreSchedulingSupport = { available: false, reason: 'no-kernel', detail: 'The kernel is built without CONFIG_SCHED_CORE' };
const needsNot: CoreSchedulingSupport = { available: false, reason: 'no-siblings', detail: 'Each processor core has one thread' };
const asked = (value?: string) => ({ config: (value === undefined ? {} : { 'security.core_scheduling': value }) as Record<string, string> });
const failing = (error: Error) => () => {
  throw error;
};

it.each([
  [new PrctlError('EINVAL', 'GET, 0'), 'no-kernel'],
  [new PrctlError('ENODEV', 'GET, 0'), 'no-siblings'],
  [new PrctlError('EPERM', 'GET, 0'), 'refused'],
  [new Error('Cannot find the native Koffi module'), 'no-binding'],
] as const)('%s means %s', (error, reason) => {
  expect(detectCoreScheduling(failing(error))).toMatchObject({ available: false, reason, detail: expect.any(String) });
});

it('is available where the kernel answers', () => {
  expect(detectCoreScheduling(() => 0n)).toEqual({ available: true });
});

it.each([
  [undefined, can, true],
  ['', can, true],
  ['true', can, true],
  ['false', can, false],
  [undefined, cannot, false],
  ['false', cannot, false],
  [undefined, needsNot, false],
  ['true', needsNot, false],
])('security.core_scheduling=%s on %j: %s', (value, support, expected) => {
  expect(wantsCoreScheduling(asked(value), support)).toBe(expected);
});

it('refuses a promise that the kernel cannot keep, and says what to do', () => {
  expect(() => wantsCoreScheduling(asked('true'), cannot)).toThrow(/without CONFIG_SCHED_CORE.*Unset the key/);
});

it.each([
  ['5.0.2', true],
  ['4.0.11', true],
  ['4.1.0', true],
  ['4.0.10', false],
  ['3.1.0', false],
])('liblxc %s: %s', (version, available) => {
  expect(containerCoreScheduling(can, version).available).toBe(available);
  expect(containerCoreScheduling(cannot, version)).toBe(cannot);
});
