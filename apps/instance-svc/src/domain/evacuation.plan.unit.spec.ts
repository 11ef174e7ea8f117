import { comeBack, leave, type Errand, type EvacuationMode, type Resident } from './evacuation.plan';

const container = (status: Resident['status'], config: Record<string, string> = {}, more: Partial<Resident['spec']> = {}): Resident => ({
  status,
  spec: { type: 'container', config, devices: { root: { type: 'disk', path: '/', pool: 'default' } }, ephemeral: false, ...more },
});
const vm = (status: Resident['status'], config: Record<string, string> = {}): Resident => container(status, config, { type: 'virtual-machine' });
const STATEFUL = { 'migration.stateful': 'true' };
const hostDirectory = { devices: { data: { type: 'disk', path: '/srv', source: '/srv' } } };

const restart: Errand = { kind: 'move', live: false, elseRestart: true };
const stop = (timeoutSeconds = 30): Errand => ({ kind: 'stop', force: false, timeoutSeconds });

it.each<[string, Resident, EvacuationMode | '', Errand | undefined]>([
  ['a container moves', container('running'), '', restart],
  ['a stopped one moves too', container('stopped'), '', restart],
  ['a VM that may goes live, or else stopped', vm('running', STATEFUL), '', { kind: 'move', live: true, elseRestart: true }],
  ['a VM that may not is stopped for it', vm('running'), '', restart],
  ['migrate never goes live', vm('running', { ...STATEFUL, 'cluster.evacuate': 'migrate' }), '', { kind: 'move', live: false, elseRestart: false }],
  ['live-migrate goes live or not at all', vm('running', { 'cluster.evacuate': 'live-migrate' }), '', { kind: 'move', live: true, elseRestart: false }],
  ['stop stays', container('running', { 'cluster.evacuate': 'stop' }), '', stop()],
  ['for as long as it may take', container('running', { 'cluster.evacuate': 'stop', 'boot.host_shutdown_timeout': '5' }), '', stop(5)],
  ['what is stopped already just stays', container('stopped', { 'cluster.evacuate': 'stop' }), '', undefined],
  ['what is frozen cannot shut down', container('frozen', { 'cluster.evacuate': 'stop' }), '', { kind: 'stop', force: true, timeoutSeconds: 30 }],
  ['what has a directory of the host stays', container('running', {}, hostDirectory), '', stop()],
  ['unless it is told otherwise', container('running', {}, hostDirectory), 'migrate', { kind: 'move', live: false, elseRestart: false }],
  ['the request stands above the instance', container('running', { 'cluster.evacuate': 'migrate' }), 'stop', stop()],
])('%s', (_what, resident, mode, expected) => {
  expect(leave(resident, mode)).toEqual(expected);
});

it('does not delete what is ephemeral by stopping it', () => {
  expect(leave(container('running', {}, { ephemeral: true }), 'stop')).toMatchObject({ kind: 'refuse' });
});

it.each<[string, Resident, boolean, Errand | undefined]>([
  ['moves home', container('running'), true, restart],
  ['moves home live', vm('running', STATEFUL), true, { kind: 'move', live: true, elseRestart: true }],
  ['moves home stopped', container('stopped'), true, restart],
  ['starts again', container('stopped', { 'volatile.last_state.power': 'RUNNING' }), false, { kind: 'start' }],
  ['stays stopped', container('stopped', { 'volatile.last_state.power': 'STOPPED' }), false, undefined],
  ['runs already', container('running', { 'volatile.last_state.power': 'RUNNING' }), false, undefined],
])('when its member is back, it %s', (_what, resident, elsewhere, expected) => {
  expect(comeBack(resident, elsewhere)).toEqual(expected);
});
