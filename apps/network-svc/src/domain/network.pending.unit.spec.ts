import type { NetworkEvent } from '@weft/contracts';
import { decideNetwork, type NetworkCommand } from './network.decider';
import { NO_FACTS } from './network.facts';
import { networkFold } from './network.state';

const GATEWAY = { 'ipv4.gateway': '192.0.2.1/24', 'ipv4.ovn.ranges': '192.0.2.100-192.0.2.101' };
const place = { networkId: 'u', project: 'default', name: 'UP' };
const define = (
  member: string,
  config: Record<string, string> = { parent: `eth-${member}` },
  networkType: 'physical' | 'ovn' = 'physical',
): NetworkCommand => ({
  type: 'define',
  ...place,
  networkType,
  member,
  config,
});
const create = (config: Record<string, string> = GATEWAY, networkType = 'physical'): NetworkCommand => ({
  type: 'create',
  ...place,
  networkType,
  number: 1,
  description: '',
  config,
  facts: NO_FACTS,
  members: ['a', 'b'],
});
const after = (...commands: NetworkCommand[]) => {
  const events: NetworkEvent[] = [];
  const state = () => events.reduce(networkFold.evolve, networkFold.initial);
  for (const command of commands) events.push(...decideNetwork(command, state()));
  return { state, then: (command: NetworkCommand) => decideNetwork(command, state()) };
};
const both = [define('a'), define('b')];
const failed = [...both, { type: 'fail', reason: 'b has no eth-b', description: 'd', config: GATEWAY } as const];

it('is pending until every member has its part, and then has them all', () => {
  expect(after(define('a')).state()).toMatchObject({ status: 'pending', memberConfig: { a: { parent: 'eth-a' } } });
  expect(() => after(define('a')).then(create())).toThrow('Network not defined on nodes: b');
  expect(after(...both, create()).state()).toMatchObject({
    status: 'active',
    config: GATEWAY,
    memberConfig: { a: { parent: 'eth-a' }, b: { parent: 'eth-b' } },
  });
});

it('can be deleted at any time, and not be changed', () => {
  expect(after(define('a'), { type: 'delete', inUse: false }).state()).toEqual({ status: 'deleted' });
  expect(() => after(define('a')).then({ type: 'rename', newName: 'x', inUse: false })).toThrow('when not in created state');
});

it.each([
  ['a member twice', define('a', { parent: 'eth9' }), 'already defined on member "a"'],
  ['what is not of a member', define('b', { parent: 'eth1', 'ipv4.gateway': '192.0.2.1/24' }), '"ipv4.gateway" may not be used as cluster member specific key'],
  ['no parent', define('b', {}), 'option "parent": Required value'],
  ['a type that has nothing of a member', define('b', {}, 'ovn'), 'Network type "ovn" does not support member specific config'],
  ['what is of a member for all', create({ parent: 'eth1' }), 'Config key "parent" is cluster member specific'],
  ['another type', create({}, 'ovn'), `Requested network type "ovn" doesn't match type in existing database record "physical"`],
] as const)('refuses %s', (_what, command, words) => {
  expect(() => after(define('a')).then(command)).toThrow(words);
});

it('is errored when a member could not have it, and made by asking again without anything', () => {
  expect(after(...failed).state()).toMatchObject({ status: 'errored', config: GATEWAY });
  expect(() => after(...failed).then(create())).toThrow('Network already partially created');
  expect(after(...failed, create({})).state()).toMatchObject({ status: 'active', config: GATEWAY, description: 'd' });
});

it('has one part changed', () => {
  const change = (target: string | undefined, config: Record<string, string>, inUse = false): NetworkCommand => ({
    type: 'update',
    mode: 'replace',
    target,
    config,
    facts: NO_FACTS,
    inUse,
  });
  const made = after(...both, create());
  expect(made.then(change('a', { ...GATEWAY, parent: 'eth7' }))).toMatchObject([
    { data: { config: GATEWAY, memberConfig: { a: { parent: 'eth7' }, b: { parent: 'eth-b' } } } },
  ]);
  expect(() => made.then(change('a', { ...GATEWAY, parent: 'eth7' }, true))).toThrow('Cannot change "parent" while the network is in use');
  expect(() => made.then(change('a', { parent: 'eth7', vlan: '9' }))).toThrow('"vlan" may not be used as cluster member specific key');
  expect(() => made.then(change(undefined, { parent: 'eth7' }))).toThrow('Config key "parent" is cluster member specific');
});
