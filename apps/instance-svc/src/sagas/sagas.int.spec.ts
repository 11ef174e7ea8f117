/** Every saga of instances and snapshots passes the generic suite: done twice, failed everywhere, killed everywhere. */
import { newId, type AgentTask, type InstanceEvent, type InstanceSpec, type LxdOperation, type Meta } from '@weft/contracts';
import { connectNats, createLogger } from '@weft/platform';
import type { defineSaga } from '@weft/saga';
import { sagaContract } from '@weft/saga/testing/saga.contract';
import { execute } from '@weft/service';
import type { TaskDispatcher } from '../adapters/task-dispatcher';
import { startOperation } from '../commands/operations';
import { appendInstance } from '../commands/instance-operation';
import { instanceFold, instanceStream, type LiveInstance } from '../domain/instance.state';
import { operationFold, operationStream } from '../domain/operation.state';
import type { Deps } from '../instance.deps';
import { created } from '../testing/given';
import { startInfrastructure, type Infrastructure } from '../testing/service-under-test';
import { startResourceService, type ResourceService } from '../testing/resource-service';
import { createSaga } from './create.saga';
import { deleteSaga } from './delete.saga';
import { handoverSaga } from './handover.saga';
import type { CreateParams, HandOverParams, RenameParams, RestoreParams, SnapshotParams, StateParams, UpdateParams } from './saga-params';
import { changeSagas } from './change.sagas';
import { snapshotSagas } from './snapshot.sagas';
import { stateSagas } from './state.sagas';

let infrastructure: Infrastructure;
let service: ResourceService;
let deps: Deps;

beforeAll(async () => {
  infrastructure = await startInfrastructure();
  service = await startResourceService(infrastructure.postgres.url);
  deps = { ...service.deps, nats: await connectNats(infrastructure.broker.url, 'test', createLogger('test', 'silent')) };
}, 60_000);
afterAll(async () => {
  await deps.nats.close();
  await service.close();
  await infrastructure.postgres.stop();
  await infrastructure.broker.stop();
});

/** The host's part, as a set of facts that tasks add and take away. Idempotent, like an agent. */
class Host implements TaskDispatcher {
  readonly facts = new Set<string>();
  run(task: AgentTask): Promise<Record<string, unknown>> {
    const { kind, body } = task;
    const snapshot = 'snapshotId' in body ? 'snapshot' : '';
    if (kind === 'instance.create' || kind === 'instance.receive') this.facts.add('root');
    else if (kind === 'instance.delete') this.facts.clear();
    else if (kind === 'instance.start') this.facts.add('runs');
    else if (kind === 'instance.stop') this.facts.delete('runs');
    else if (kind === 'instance.freeze') this.facts.add('frozen');
    else if (kind === 'instance.unfreeze') this.facts.delete('frozen');
    else if (kind === 'instance.rename' && 'instance' in body) this.name = body.instance.name;
    else if (kind === 'snapshot.create') this.facts.add(snapshot);
    else if (kind === 'snapshot.delete') this.facts.delete(snapshot);
    return Promise.resolve({});
  }
  name = '';
  close(): void {}
}

/** The network service's part: addresses ("ports") and switch ports ("plugs"), as facts beside the host's. */
const networkOf = (host: Host): Deps['networks'] => ({
  call(name, body) {
    const device = Object.keys((body as { nics?: object }).nics ?? {})[0];
    const set = (fact: string, there: boolean) => void (there ? host.facts.add(fact) : host.facts.delete(fact));
    if (name === 'port.define' || name === 'port.activate') set('addresses', device !== undefined);
    if (name === 'port.activate') set('port', device !== undefined);
    if (name === 'port.deactivate') set('port', false);
    if (name === 'port.remove') for (const fact of ['port', 'addresses']) set(fact, false);
    return Promise.resolve({ ports: {} }) as never;
  },
});
const NIC = { eth0: { type: 'nic', network: 'blue' } };

type AnySaga = ReturnType<typeof defineSaga>;

interface Scenario {
  saga(deps: Deps): AnySaga;
  /** What happened to the instance before the saga, after its creation. */
  before: (place: { id: string; project: string; name: string }, operationId: string) => InstanceEvent[];
  facts: string[];
  params?: object;
  done: { status: string; facts: string[]; lock?: null };
  undone: { status: string; facts: string[] };
  devices?: InstanceSpec['devices'];
  /** The operation's own creation of the instance is part of the saga (create). */
  fresh?: boolean;
}

const run = (place: object, ...rest: InstanceEvent[]): InstanceEvent[] => [
  { type: 'InstanceStarting', data: { ...place, operationId: 'x', epoch: 1 } } as InstanceEvent,
  { type: 'InstanceStarted', data: { ...place, operationId: 'x', at: new Date(0).toISOString() } } as InstanceEvent,
  ...rest,
];
const state = { epoch: 1, force: true, timeoutSeconds: 1 } satisfies Partial<StateParams>;
const WITHOUT_NIC = {
  id: 'i',
  project: 'default',
  name: 'c',
  type: 'container',
  architecture: '',
  ephemeral: false,
  imageFingerprint: '',
  config: {},
  devices: {},
} as const;
const CONTENT = { architecture: '', ephemeral: false, description: '', config: {}, devices: {}, profiles: [] };
const pick = (type: string) => (of: Deps) =>
  [createSaga(of), deleteSaga(of), handoverSaga(of), ...stateSagas(of), ...snapshotSagas(of), ...changeSagas(of)].find((saga) => saga.type === type)!;

const scenarios: Record<string, Scenario> = {
  'instance.create': {
    saga: pick('instance.create'),
    before: () => [],
    fresh: true,
    facts: [],
    params: { source: { kind: 'none' }, snapshots: {}, fetchFrom: '', retained: '' } satisfies Partial<CreateParams>,
    done: { status: 'stopped', facts: ['root'] },
    undone: { status: 'deleted', facts: [] },
  },
  'instance.create, from another server': {
    saga: pick('instance.create'),
    before: () => [],
    fresh: true,
    facts: [],
    params: { source: { kind: 'none' }, snapshots: {}, fetchFrom: '', retained: '', arrives: true } satisfies Partial<CreateParams>,
    done: { status: 'stopped', facts: ['root'] },
    undone: { status: 'deleted', facts: [] },
  },
  'instance.hand-over': {
    saga: pick('instance.hand-over'),
    before: (place, operationId) => [{ type: 'InstanceLocked', data: { ...place, operationId, kind: 'migrate' } }],
    facts: [],
    params: { root: '', snapshots: [] } satisfies Partial<HandOverParams>,
    done: { status: 'stopped', facts: [], lock: null },
    undone: { status: 'stopped', facts: [] },
  },
  'instance.start': {
    saga: pick('instance.start'),
    before: (place, operationId) => [{ type: 'InstanceStarting', data: { ...place, operationId, epoch: 1 } }],
    facts: ['root'],
    params: { ...state, statusBefore: 'stopped' },
    done: { status: 'running', facts: ['root', 'runs'] },
    undone: { status: 'stopped', facts: ['root'] },
  },
  'instance.create with a NIC': {
    saga: pick('instance.create'),
    before: () => [],
    fresh: true,
    facts: [],
    devices: NIC,
    params: { source: { kind: 'none' }, snapshots: {}, fetchFrom: '', retained: '' } satisfies Partial<CreateParams>,
    done: { status: 'stopped', facts: ['addresses', 'root'] },
    undone: { status: 'deleted', facts: [] },
  },
  'instance.start with a NIC': {
    saga: pick('instance.start'),
    before: (place, operationId) => [{ type: 'InstanceStarting', data: { ...place, operationId, epoch: 1 } }],
    facts: ['addresses', 'root'],
    devices: NIC,
    params: { ...state, statusBefore: 'stopped' },
    done: { status: 'running', facts: ['addresses', 'port', 'root', 'runs'] },
    undone: { status: 'stopped', facts: ['addresses', 'root'] },
  },
  'instance.update that adds a NIC': {
    saga: pick('instance.update'),
    before: (place, operationId) => run(place, { type: 'InstanceLocked', data: { ...place, operationId, kind: 'update' } }),
    facts: ['root', 'runs'],
    devices: NIC,
    params: { epoch: 1, live: true, before: { spec: WITHOUT_NIC, content: CONTENT } } satisfies Partial<UpdateParams>,
    done: { status: 'running', facts: ['addresses', 'port', 'root', 'runs'] },
    undone: { status: 'running', facts: ['root', 'runs'] },
  },
  'instance.freeze': {
    saga: pick('instance.freeze'),
    before: (place, operationId) => run(place, { type: 'InstanceFreezing', data: { ...place, operationId } }),
    facts: ['root', 'runs'],
    params: { ...state, statusBefore: 'running' },
    done: { status: 'frozen', facts: ['frozen', 'root', 'runs'] },
    undone: { status: 'running', facts: ['root', 'runs'] },
  },
  'snapshot.create': {
    saga: pick('snapshot.create'),
    before: (place, operationId) => [{ type: 'InstanceLocked', data: { ...place, operationId, kind: 'snapshot' } }],
    facts: ['root'],
    params: { snapshotName: 's0', expiresAt: null } satisfies Partial<SnapshotParams>,
    done: { status: 'stopped', facts: ['root', 'snapshot'] },
    undone: { status: 'stopped', facts: ['root'] },
  },
  'snapshot.restore': {
    saga: pick('snapshot.restore'),
    before: (place, operationId) => [{ type: 'InstanceLocked', data: { ...place, operationId, kind: 'restore' } }],
    facts: ['root'],
    params: { snapshotName: 's0', expiresAt: null, restart: false, epoch: 0, restoredSpec: WITHOUT_NIC } satisfies Partial<RestoreParams>,
    done: { status: 'stopped', facts: ['root'] },
    undone: { status: 'stopped', facts: ['root'] },
  },
  'instance.rename': {
    saga: pick('instance.rename'),
    before: (place, operationId) => [{ type: 'InstanceLocked', data: { ...place, operationId, kind: 'rename' } }],
    facts: ['root'],
    params: { oldName: 'old' } satisfies Partial<RenameParams>,
    done: { status: 'stopped', facts: ['root'] },
    undone: { status: 'stopped', facts: ['root'] },
  },
};

let count = 0;

/** An instance in the log that an operation holds, and a host that has what the log says. */
async function begin(scenario: Scenario) {
  const id = newId();
  const operationId = newId();
  const place = { id, project: 'default', name: `c${(count += 1)}` };
  const host = new Host();
  for (const fact of scenario.facts) host.facts.add(fact);
  const meta: Meta = {
    actor: { protocol: 'unix', username: 'root', address: '@', projects: null },
    project: 'default',
    requestId: id,
    correlationId: operationId,
    commandId: id,
  };
  const outcome = await execute(deps, meta, 'test', {}, async (uow) => {
    const data = { ...(created.data as Extract<InstanceEvent, { type: 'InstanceCreated' }>['data']), ...place, operationId, profiles: [] };
    const ready: InstanceEvent[] = scenario.fresh ? [] : [{ type: 'InstanceProvisioned', data: { ...place, operationId } }];
    appendInstance(uow, id, [{ type: 'InstanceCreated', data }, ...ready, ...scenario.before(place, operationId)]);
    return startOperation(deps, uow, meta, { description: 'Testing', resources: null, location: 'host1' });
  });
  const spec = { ...place, type: 'container', architecture: '', ephemeral: false, imageFingerprint: '', config: {}, devices: scenario.devices ?? {} };
  const params = { meta, operation: outcome.result as LxdOperation, member: 'host1', spec, timeLimitMs: 5_000, snapshotId: newId(), ...scenario.params };
  const world = { ...deps, tasks: host, networks: networkOf(host) };
  const expectWorld = async (wanted: { status: string; facts: string[] }, operationStatus: string[]) => {
    const { state: instance } = await deps.store.load(instanceFold, instanceStream(id));
    const { state: operation } = await deps.store.load(operationFold, operationStream(operationId));
    expect(instance.status).toBe(wanted.status);
    if (instance.status !== 'deleted') expect((instance as LiveInstance).lock).toBeNull();
    expect([...host.facts].sort()).toEqual(wanted.facts);
    expect(operation).toMatchObject({ status: 'ended', operation: { status: expect.stringMatching(operationStatus.join('|')) } });
  };
  return {
    definition: withOperation(scenario.saga(world), operationId),
    params,
    expectDone: () => expectWorld(scenario.done, ['Success']),
    expectUndone: () => expectWorld(scenario.undone, ['Failure', 'Cancelled']),
  };
}

/** The suite gives sagas ids of its own; ours are their operation's. */
function withOperation(definition: AnySaga, sagaId: string): AnySaga {
  const as = <C extends object>(ctx: C): C => ({ ...ctx, sagaId });
  return {
    ...definition,
    steps: definition.steps.map((step) => ({
      ...step,
      action: (ctx) => step.action(as(ctx)),
      ...(step.undo ? { undo: (ctx: Parameters<typeof step.action>[0]) => step.undo!(as(ctx)) } : {}),
    })),
    succeeded: (ctx) => definition.succeeded!(as(ctx)),
    failed: (ctx, error) => definition.failed!(as(ctx), error),
  };
}

for (const [name, scenario] of Object.entries(scenarios)) {
  sagaContract({ name, database: () => ({ pool: service.pool, schema: 'instance' }), subject: () => begin(scenario) });
}
