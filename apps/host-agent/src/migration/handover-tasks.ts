/**
 * Tasks of moves between servers (docs/adr/0016).
 *
 *   source: instance.hand-over --(migration-control, migration-fs)--> gateway ==websockets==> gateway --> instance.receive: sink
 *
 * Neither can be taken up again after this process was killed: the channels are gone. A repeat says so and cleans up.
 */
import { rm, statfs } from 'node:fs/promises';
import {
  arrivedSnapshots,
  derivedId,
  isId,
  travellingSnapshot,
  WeftError,
  type TaskBody,
  type ArrivedSnapshots,
  type TravellingSnapshot,
} from '@weft/contracts';
import { receiveInstance, sendInstance, type Offer } from '@weft/handover';
import { z } from 'zod';
import type { Progress } from '../drivers/driver';
import { diskFull } from '../files/disk-full';
import { readJson, writeDurably } from '../files/durable-file';
import { metered, untilHungUp, withHandover } from './handover-session';
import type { TransferDeps } from './instance-transfer';

/** Beside the instance: what is being sent, and what has come with it. */
const LEAVING_FILE = 'leaving.json';
const ARRIVED_FILE = 'arrived.json';
const leavingNote = z.object({ sessionId: z.string() });
/** The same of one that was here before: whose files have come last, or were about to. */
const REPLACED_FILE = 'replaced.json';
const replacedNote = z.object({ sessionId: z.string(), snapshots: z.array(travellingSnapshot).optional() });

const seconds = (iso: string | null): number => (iso === null ? 0 : Math.floor(Date.parse(iso) / 1_000));

/** Sends the instance; one that runs as a snapshot of this moment. Done when the other server has it. */
export async function handOverTask(
  deps: TransferDeps,
  body: TaskBody<'instance.hand-over'>,
  progress: Progress,
  interrupt: AbortSignal,
): Promise<Record<string, never>> {
  const { instances } = deps;
  const { instance, sessionId } = body;
  const driver = deps.drivers.require(instance.type);
  const note = instances.path(instance.id, LEAVING_FILE);
  const ofThisMoment = derivedId(sessionId, 'handover');
  const cleanUp = async () => {
    await driver.deleteSnapshot(instance.id, ofThisMoment);
    await rm(note, { force: true });
  };
  if ((await readJson(note, leavingNote))?.sessionId === sessionId) {
    await cleanUp();
    throw new WeftError('task.failed', 'The host agent was restarted while the instance was being sent');
  }
  await writeDurably(note, JSON.stringify({ sessionId }));
  try {
    const { status } = await driver.inspect(instance.id);
    const running = body.root === '' && (status === 'running' || status === 'frozen');
    if (running) await driver.createSnapshot(instance, ofThisMoment, { stateful: false });
    await send(deps, body, running ? ofThisMoment : body.root, progress, interrupt);
  } finally {
    await cleanUp();
  }
  return {};
}

async function send(
  deps: TransferDeps,
  { instance, sessionId, snapshots }: TaskBody<'instance.hand-over'>,
  root: string,
  progress: Progress,
  interrupt: AbortSignal,
): Promise<void> {
  const { handover } = deps.drivers.require(instance.type);
  const selection = { root, snapshots: snapshots.map(({ id }) => id) };
  const offered = snapshots.map((one) => ({
    id: one.id,
    name: one.name,
    createdAt: seconds(one.createdAt),
    expiresAt: seconds(one.expiresAt),
    content: JSON.stringify(one),
  }));
  const offer: Offer = { type: instance.type, snapshots: offered, ...(await handover.describe(instance.id, selection)) };
  await withHandover(deps.nc, sessionId, interrupt, (control, fs) =>
    sendInstance(control, fs, offer, async (wanted) => {
      const { stream, done } = await handover.send(instance.id, selection, wanted.image !== offer.image);
      return { stream: metered(stream, instance.name, progress), done };
    }),
  );
}

/** An instance becomes what another server sends. A failure leaves it as it was, or, once everything has come, as it will be. */
async function replaceTask(deps: TransferDeps, body: TaskBody<'instance.receive'>, progress: Progress, interrupt: AbortSignal): Promise<ArrivedSnapshots> {
  const { instance, sessionId } = body;
  const driver = deps.drivers.require(instance.type);
  const note = deps.instances.path(instance.id, REPLACED_FILE);
  const before = await readJson(note, replacedNote);
  await driver.handover.recover(instance.id);
  if (before?.sessionId === sessionId) {
    if (before.snapshots) return { snapshots: before.snapshots };
    throw new WeftError('task.failed', 'The host agent was restarted while the instance arrived');
  }
  if ((await driver.inspect(instance.id)).status !== 'stopped') throw new WeftError('instance.wrong-status', 'Cannot refresh a running instance');
  await writeDurably(note, JSON.stringify({ sessionId }));
  try {
    return await arrive(deps, body, progress, interrupt, ({ snapshots }) => writeDurably(note, JSON.stringify({ sessionId, snapshots })));
  } catch (error) {
    await driver.handover.recover(instance.id);
    throw error;
  }
}

/** Makes what another server sends an instance that is stopped; a failure leaves nothing. */
export async function receiveTask(
  deps: TransferDeps,
  body: TaskBody<'instance.receive'>,
  progress: Progress,
  interrupt: AbortSignal,
): Promise<ArrivedSnapshots> {
  if (body.replaces) return replaceTask(deps, body, progress, interrupt);
  const { instances, drivers } = deps;
  const { instance } = body;
  const arrived = instances.path(instance.id, ARRIVED_FILE);
  if ((await instances.state(instance.id)).created) return (await readJson(arrived, arrivedSnapshots)) ?? { snapshots: [] };
  const driver = drivers.require(instance.type);
  const discard = () => instances.remove(instance.id, () => driver.delete(instance.id));
  if (await instances.spec(instance.id)) {
    await discard();
    throw new WeftError('task.failed', 'The host agent was restarted while the instance arrived');
  }
  try {
    await instances.saveSpec(instance);
    return await arrive(deps, body, progress, interrupt, async (what) => {
      await writeDurably(arrived, JSON.stringify(what));
      await instances.updateState(instance.id, { created: true });
    });
  } catch (error) {
    await discard();
    throw error;
  }
}

/** @param keep notes that it is there, and what has come */
function arrive(
  deps: TransferDeps,
  body: TaskBody<'instance.receive'>,
  progress: Progress,
  interrupt: AbortSignal,
  keep: (what: ArrivedSnapshots) => Promise<void>,
): Promise<ArrivedSnapshots> {
  return withHandover(deps.nc, body.sessionId, interrupt, async (control, fs) => {
    const arrival = new ArrivingInstance(deps, body, progress, keep);
    await receiveInstance(control, fs, arrival);
    await untilHungUp(control);
    return { snapshots: arrival.snapshots };
  });
}

/** The sink's part: what is accepted, where it is kept, and what makes it an instance. */
class ArrivingInstance {
  snapshots: TravellingSnapshot[] = [];
  private offer: Offer | undefined;
  private settle: (() => Promise<void>) | undefined;
  private ids: Record<string, string> = {};

  constructor(
    private readonly deps: TransferDeps,
    private readonly order: TaskBody<'instance.receive'>,
    private readonly progress: Progress,
    private readonly keep: (what: ArrivedSnapshots) => Promise<void>,
  ) {}

  async accept(offer: Offer): Promise<Offer> {
    const { instance } = this.order;
    if (offer.type !== instance.type) throw new WeftError('request.invalid', `The other server sends a ${offer.type}, not a ${instance.type}`);
    const { bavail, bsize } = await statfs(this.deps.instances.path(instance.id));
    if (offer.bytes > bavail * bsize) throw diskFull();
    this.snapshots = offer.snapshots.map(({ id, name, content }) => {
      const known = isId(id) ? travellingSnapshot.safeParse(JSON.parse(content)) : undefined;
      if (!known?.success || known.data.name !== name) throw new WeftError('request.invalid', `The other server does not say what its snapshot "${name}" is`);
      this.ids[id] = derivedId(instance.id, id);
      return { ...known.data, id: derivedId(instance.id, id) };
    });
    for (const distinct of [this.snapshots.map(({ name }) => name), Object.keys(this.ids)])
      if (new Set(distinct).size !== offer.snapshots.length) throw new WeftError('request.invalid', 'The other server has two snapshots of one name');
    // Without the image that the differences are to, all files have to come.
    this.offer = offer.image === instance.imageFingerprint ? offer : { ...offer, image: '' };
    return this.offer;
  }

  async take(archive: Parameters<typeof metered>[0]): Promise<void> {
    const { instance } = this.order;
    const { handover } = this.deps.drivers.require(instance.type);
    const arrival = { image: this.offer?.image ?? '', snapshots: this.ids, replaces: this.order.replaces };
    this.settle = await handover.receive(instance, metered(archive, instance.name, this.progress), arrival);
  }

  async commit(): Promise<void> {
    await this.settle?.();
    await this.keep({ snapshots: this.snapshots });
  }
}
