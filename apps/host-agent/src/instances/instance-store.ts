/**
 * What the agent itself keeps of an instance, beside the driver's files.
 *
 *   instances/<id>/spec.json    the last spec that an order brought
 *                  state.json   the highest run epoch that was ordered, whether the create was completed, last status
 *                  log/         log files and recorded output
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { instanceSpec, isId, runStatus, WeftError, type InstanceSpec } from '@weft/contracts';
import { z } from 'zod';
import { readJson, replaceFile, writeDurably } from '../files/durable-file';
import { Serial } from '../files/serial';

const instanceState = z.object({
  epoch: z.number().int().default(0),
  created: z.boolean().default(false),
  /** What the agent saw last: tells a new agent that a guest ended while nobody looked. */
  lastStatus: runStatus.default('stopped'),
});
export type InstanceState = z.infer<typeof instanceState>;

export class InstanceStore {
  /** What is in the files: this process alone writes them, and heartbeats ask each second. */
  private readonly specs = new Map<string, InstanceSpec>();
  private readonly states = new Map<string, InstanceState>();
  private readonly serial = new Serial();

  constructor(private readonly dir: string) {}

  /** A path inside the instance's directory. The id comes from the wire and becomes a path: it must be an id. */
  path(instanceId: string, ...parts: string[]): string {
    if (!isId(instanceId)) throw new WeftError('request.invalid', `"${instanceId}" is not an instance id`);
    return join(this.dir, 'instances', instanceId, ...parts);
  }

  async ids(): Promise<string[]> {
    return (await readdir(join(this.dir, 'instances'))).filter(isId);
  }

  async spec(instanceId: string): Promise<InstanceSpec | undefined> {
    const spec = this.specs.get(instanceId) ?? (await readJson(this.path(instanceId, 'spec.json'), instanceSpec));
    if (spec) this.specs.set(instanceId, spec);
    return spec;
  }

  /** What is there already is not written again: a full disk must not keep anybody from stopping a guest. */
  async saveSpec(spec: InstanceSpec): Promise<void> {
    const text = JSON.stringify(spec);
    if (JSON.stringify(await this.spec(spec.id)) === text) return;
    const isNew = (await mkdir(this.path(spec.id, 'log'), { recursive: true, mode: 0o711 })) !== undefined;
    // A new instance counts only when its state says that it is whole: the directory is flushed with that.
    await (isNew ? replaceFile : writeDurably)(this.path(spec.id, 'spec.json'), text);
    this.specs.set(spec.id, spec);
  }

  async state(instanceId: string): Promise<InstanceState> {
    const state = this.states.get(instanceId) ?? (await readJson(this.path(instanceId, 'state.json'), instanceState));
    if (state) this.states.set(instanceId, state);
    return state ?? instanceState.parse({});
  }

  /**
   * Changes the state of an instance that is here; of one that is not, nothing is kept. One change after the other:
   * what a heartbeat notes must never undo an epoch.
   */
  updateState(instanceId: string, change: Partial<InstanceState>): Promise<void> {
    return this.serial.run(instanceId, async () => {
      const next = { ...(await this.state(instanceId)), ...change };
      try {
        await writeDurably(this.path(instanceId, 'state.json'), JSON.stringify(next));
        this.states.set(instanceId, next);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        this.states.delete(instanceId);
      }
    });
  }

  /**
   * Admits an order of this epoch, and remembers the epoch before anything is done: an order with an older one, late
   * or repeated by a process that lost its lease, is refused ever after.
   */
  async admit(spec: InstanceSpec, epoch: number): Promise<void> {
    const state = await this.state(spec.id);
    if (epoch < state.epoch) throw new WeftError('task.stale-epoch', `Instance "${spec.name}" has run epoch ${state.epoch}, the order is of epoch ${epoch}`);
    if (epoch > state.epoch) await this.updateState(spec.id, { epoch });
  }

  /** `deleteGuest` runs under the same lock: a heartbeat's note must not be written into a directory that is going. */
  remove(instanceId: string, deleteGuest: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    return this.serial.run(instanceId, async () => {
      await deleteGuest();
      await rm(this.path(instanceId), { recursive: true, force: true });
      this.specs.delete(instanceId);
      this.states.delete(instanceId);
    });
  }
}
