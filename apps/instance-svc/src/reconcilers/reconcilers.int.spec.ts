/** What happens without a request: hosts restart, agents die, guests appear that should not. */
import { newId, type AgentTask, type LxdOperation } from '@weft/contracts';
import { eventually } from '@weft/testing';
import { action, emptyInstance } from '../testing/bodies';
import type { FakeAgent } from '../testing/fake-agent';
import { ServiceUnderTest, startInfrastructure, type Infrastructure } from '../testing/service-under-test';
import { OperationReconciler } from './operation.reconciler';

let infrastructure: Infrastructure;
let service: ServiceUnderTest;
let host: FakeAgent;

beforeAll(async () => {
  infrastructure = await startInfrastructure();
  service = await ServiceUnderTest.start(infrastructure);
  host = await service.agent('host1');
}, 60_000);
afterAll(async () => {
  host.stop();
  await service.close();
  await infrastructure.postgres.stop();
  await infrastructure.broker.stop();
});

const ended = async (operation: Promise<LxdOperation>) => service.ended(await operation);
const status = async (name: string) => (await service.instance(name))?.status;

async function runningInstance(name: string, config: Record<string, string> = {}): Promise<string> {
  const before = new Set(host.instances.keys());
  await ended(service.send('instance.create', emptyInstance(name, { config })));
  await ended(service.send('instance.set-state', action(name, 'start')));
  return [...host.instances.keys()].find((id) => !before.has(id))!;
}

/** The host comes back from a reboot: a new agent, no guests. */
function reboot(): void {
  for (const one of host.instances.values()) Object.assign(one, { status: 'stopped', reason: 'host' });
  host.bootId = newId();
  host.beat();
}

it('starts again what ran when its host went down, unless it shall not', async () => {
  await runningInstance('again');
  await runningInstance('never', { 'boot.autostart': 'false' });
  reboot();
  await eventually(async () => (await status('never')) === 'Stopped' && (await status('again')) === 'Running', { timeoutMs: 20_000 });
  const epochs = [...host.instances.values()].map((one) => one.epoch).sort();
  expect(epochs).toEqual([1, 2]);
});

it('starts what starts with its host, even if it was stopped, when the host booted; not when only the agent did', async () => {
  host.hostBootId = 'boot-1';
  host.beat();
  await eventually(() => service.running.deps.members.get('host1')?.heartbeat.hostBootId === 'boot-1');
  const config = { 'boot.autostart': 'true' };
  for (const name of ['faithful', 'plain']) await runningInstance(name, name === 'faithful' ? config : {});
  for (const name of ['faithful', 'plain']) await ended(service.send('instance.set-state', action(name, 'stop', { force: true })));
  host.bootId = newId();
  host.beat();
  await eventually(() => service.running.deps.members.get('host1')?.heartbeat.bootId === host.bootId);
  expect(await status('faithful')).toBe('Stopped');
  host.hostBootId = 'boot-2';
  reboot();
  await eventually(async () => (await status('faithful')) === 'Running', { timeoutMs: 20_000 });
  expect(await status('plain')).toBe('Stopped');
});

it('does not try a failed autostart for ever', async () => {
  const secondStart = (task: AgentTask) =>
    task.kind === 'instance.start' && 'epoch' in task.body && task.body.instance.name === 'broken' && task.body.epoch === 2;
  host.onTask = (task) => (secondStart(task) ? { code: 'instance.wrong-status', message: 'no init' } : undefined);
  await runningInstance('broken');
  reboot();
  await eventually(() => host.tasks.some(secondStart));
  await eventually(async () => ((await service.instance('broken'))?.config as Record<string, string>)['volatile.last_state.power'] === 'STOPPED');
  host.onTask = () => undefined;
});

it('ends an exec when the agent that carried it is another one', async () => {
  await runningInstance('talker');
  const exec = {
    name: 'talker',
    command: ['sh'],
    environment: {},
    interactive: true,
    width: 80,
    height: 24,
    user: 0,
    group: 0,
    cwd: '',
    waitForWebsocket: true,
    recordOutput: false,
  };
  const operation = await service.send<LxdOperation>('instance.exec', exec);
  expect(operation).toMatchObject({ class: 'websocket', description: 'Executing command', metadata: { command: ['sh'], interactive: true } });
  host.bootId = newId();
  host.beat();
  await eventually(() => service.running.deps.members.get('host1')?.heartbeat.bootId === host.bootId);
  await new OperationReconciler(service.running.deps).look();
  expect(await service.ended(operation)).toMatchObject({ status: 'Failure', err: 'The host agent was restarted' });
});

it('finishes an exec with what the agent says, once', async () => {
  const exec = {
    name: 'talker',
    command: ['true'],
    environment: {},
    interactive: false,
    width: 0,
    height: 0,
    user: 0,
    group: 0,
    cwd: '',
    waitForWebsocket: true,
    recordOutput: false,
  };
  await eventually(async () => (await status('talker')) === 'Running');
  const operation = await service.send<LxdOperation>('instance.exec', exec);
  await expect(service.finish('host2', operation.id, { return: 2 })).rejects.toMatchObject({ code: 'auth.forbidden' });
  await service.finish('host1', operation.id, { return: 3 });
  await service.finish('host1', operation.id, { return: 4 });
  expect(await service.ended(operation)).toMatchObject({ status: 'Success', metadata: { return: 3 } });
});

it('deletes on the host what was deleted while it was away', async () => {
  const id = await runningInstance('ghost');
  await ended(service.send('instance.set-state', action('ghost', 'stop', { force: true })));
  await ended(service.send('instance.delete', { name: 'ghost' }));
  host.instances.set(id, { status: 'running', epoch: 1 });
  await eventually(() => !host.instances.has(id));
});

it('cancels a create that waits, and leaves nothing', async () => {
  host.onTask = (task) => (task.kind === 'instance.create' ? 'silence' : undefined);
  const operation = await service.send<LxdOperation>('instance.create', emptyInstance('slow'));
  await eventually(() => host.tasks.some((task) => task.kind === 'instance.create' && 'instance' in task.body && task.body.instance.name === 'slow'));
  await service.send('operation.cancel', { operationId: operation.id });
  expect(await service.ended(operation)).toMatchObject({ status: 'Cancelled' });
  expect(await service.instance('slow')).toBeUndefined();
  host.onTask = () => undefined;
});

it('takes the order back when a stop is cancelled: the instance runs on', async () => {
  await runningInstance('stubborn');
  host.onTask = (task) => (task.kind === 'instance.stop' ? 'silence' : undefined);
  const operation = await service.send<LxdOperation>('instance.set-state', action('stubborn', 'stop'));
  expect(operation.may_cancel).toBe(true);
  const order = await eventually(() =>
    host.tasks.find((task) => task.kind === 'instance.stop' && 'instance' in task.body && task.body.instance.name === 'stubborn'),
  );
  await service.send('operation.cancel', { operationId: operation.id });
  expect(await service.ended(operation)).toMatchObject({ status: 'Cancelled' });
  expect(host.tasks.find((task) => task.kind === 'task.cancel')?.body).toEqual({ taskId: order.taskId });
  expect(await status('stubborn')).toBe('Running');
  host.onTask = () => undefined;
});

it('ends what is past its deadline, and fails work for a member that is away', async () => {
  host.onTask = (task) => (task.kind === 'instance.create' ? 'silence' : undefined);
  const operation = await service.send<LxdOperation>('instance.create', emptyInstance('late'));
  await new OperationReconciler(service.running.deps).look(Date.now() + 61 * 60_000);
  expect(await service.ended(operation)).toMatchObject({ status: 'Cancelled' });
  host.onTask = () => undefined;
  host.stop();
  await eventually(() => !service.running.deps.members.get('host1')?.online);
  await expect(service.send('instance.set-state', action('never', 'start'))).rejects.toMatchObject({ code: 'member.unavailable' });
  await expect(service.send('instance.create', emptyInstance('nowhere'))).rejects.toThrow('host1: offline');
});
