/**
 * Where simulated guests live: everything is in files beside the instance, so it survives the agent.
 *
 *   instances/<id>/sim.json                  type, status, epoch; written last on create: without it there is no instance
 *                  sim-disk.json             the guest's files
 *                  log/console.log
 *                  snapshots/<sid>/sim-disk.json
 */
import { appendFile, cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { instanceType, runStatus, WeftError } from '@weft/contracts';
import { readJson, writeDurably } from '../../files/durable-file';
import { SimDisk, simDiskSchema, type SimDiskData } from './sim-disk';

const simNic = z.object({
  instanceId: z.string(),
  device: z.string(),
  link: z.string(),
  ifaceId: z.string(),
  guestName: z.string(),
  hwaddr: z.string(),
  mtu: z.number(),
  addresses: z.array(z.string()).readonly(),
});

const simGuest = z.object({
  type: instanceType,
  status: runStatus,
  epoch: z.number().int(),
  pid: z.number(),
  startedAt: z.number(),
  reason: z.string().optional(),
  /** Network devices that are plugged in. */
  nics: z.array(simNic).readonly().default([]),
  /** The next start goes on where the guest was: what is below /run stays. */
  saved: z.boolean().default(false),
});
export type SimGuest = z.infer<typeof simGuest>;
type NewGuest = z.input<typeof simGuest>;

export class SimHost {
  /** The type of an instance never changes; thousands of them are listed each second. */
  private readonly types = new Map<string, SimGuest['type']>();

  constructor(private readonly dir: string) {}

  path(instanceId: string, ...parts: string[]): string {
    return join(this.dir, 'instances', instanceId, ...parts);
  }

  guest(instanceId: string): Promise<SimGuest | undefined> {
    return readJson(this.path(instanceId, 'sim.json'), simGuest);
  }

  async requireGuest(instanceId: string, name: string): Promise<SimGuest> {
    const guest = await this.guest(instanceId);
    if (!guest) throw new WeftError('instance.not-found', `Instance "${name}" is not on this host`);
    return guest;
  }

  async saveGuest(instanceId: string, guest: NewGuest): Promise<void> {
    await writeDurably(this.path(instanceId, 'sim.json'), JSON.stringify(guest));
  }

  async ids(type: SimGuest['type']): Promise<string[]> {
    const names = await readdir(join(this.dir, 'instances')).catch(() => []);
    const present = new Set(names);
    for (const id of this.types.keys()) if (!present.has(id)) this.types.delete(id);
    for (const id of names) {
      const guest = this.types.has(id) ? undefined : await this.guest(id);
      if (guest) this.types.set(id, guest.type);
    }
    return names.filter((id) => this.types.get(id) === type);
  }

  /** The files of an instance or, with `snapshotId`, of its snapshot. */
  async disk(instanceId: string, snapshotId?: string): Promise<SimDisk> {
    const data = await readJson(this.diskFile(instanceId, snapshotId), simDiskSchema);
    if (data) return new SimDisk(data);
    if (snapshotId) throw new WeftError('snapshot.not-found', 'The snapshot is not on this host');
    throw new WeftError('instance.not-found', 'The instance is not on this host');
  }

  async saveDisk(instanceId: string, data: SimDiskData, snapshotId?: string): Promise<void> {
    await mkdir(join(this.diskFile(instanceId, snapshotId), '..'), { recursive: true });
    await writeDurably(this.diskFile(instanceId, snapshotId), JSON.stringify(data));
  }

  async copySnapshot(from: { instanceId: string; snapshotId: string }, to: { instanceId: string; snapshotId: string }): Promise<void> {
    await this.disk(from.instanceId, from.snapshotId);
    await cp(this.path(from.instanceId, 'snapshots', from.snapshotId), this.path(to.instanceId, 'snapshots', to.snapshotId), { recursive: true });
  }

  removeSnapshot(instanceId: string, snapshotId: string): Promise<void> {
    return rm(this.path(instanceId, 'snapshots', snapshotId), { recursive: true, force: true });
  }

  removeInstance(instanceId: string): Promise<void> {
    return rm(this.path(instanceId), { recursive: true, force: true });
  }

  async logConsole(instanceId: string, line: string): Promise<void> {
    await mkdir(this.path(instanceId, 'log'), { recursive: true });
    await appendFile(this.path(instanceId, 'log', 'console.log'), `${line}\n`);
  }

  private diskFile(instanceId: string, snapshotId?: string): string {
    return snapshotId ? this.path(instanceId, 'snapshots', snapshotId, 'sim-disk.json') : this.path(instanceId, 'sim-disk.json');
  }
}
