import { checkZoneAllowed, zonesProject } from './zone-restrictions';

it.each([
  [{}, 'default'],
  [{ 'features.networks': 'true' }, 'p'],
  [{ 'features.networks': 'true', 'features.networks.zones': 'false' }, 'default'],
])('zones of a project with %j are those of %s', (config, expected) => {
  expect(zonesProject({ name: 'p', config: config as Record<string, string> })).toBe(expected);
});

it.each([
  ['lab.example', true],
  ['a.Lab.example', true],
  ['xlab.example', false],
  ['example', false],
])('%s is allowed below lab.example: %s', (zone, allowed) => {
  const check = () => checkZoneAllowed({ name: 'p', config: { restricted: 'true', 'restricted.networks.zones': 'other, lab.example' } }, zone);
  if (allowed) expect(check).not.toThrow();
  else expect(check).toThrow(/restricted.networks.zones \(other, lab.example\)/);
});

it('nothing is allowed without a list, everything without restrictions', () => {
  expect(() => checkZoneAllowed({ name: 'p', config: { restricted: 'true' } }, 'x')).toThrow(/none/);
  expect(() => checkZoneAllowed({ name: 'p', config: { 'restricted.networks.zones': 'y' } }, 'x')).not.toThrow();
});
