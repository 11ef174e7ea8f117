import { comesBack, planAutostart } from './autostart';

const ran = { 'volatile.last_state.power': 'RUNNING' };

it('brings back what ran, unless it shall not', () => {
  expect(comesBack(ran)).toBe(true);
  expect(comesBack({ ...ran, 'boot.autostart': 'true' })).toBe(true);
  expect(comesBack({ ...ran, 'boot.autostart': 'false' })).toBe(false);
  expect(comesBack({ 'volatile.last_state.power': 'STOPPED' })).toBe(false);
});

it('goes by priority, then by name', () => {
  const one = (name: string, config: Record<string, string> = {}) => ({ name, project: 'default', config });
  const plan = planAutostart([
    one('b'),
    one('a'),
    one('db', { 'boot.autostart.priority': '10', 'boot.autostart.delay': '5' }),
    one('z', { 'boot.autostart.priority': '-1' }),
  ]);
  expect(plan.map((step) => [step.name, step.delaySeconds])).toEqual([
    ['db', 5],
    ['a', 0],
    ['b', 0],
    ['z', 0],
  ]);
});
