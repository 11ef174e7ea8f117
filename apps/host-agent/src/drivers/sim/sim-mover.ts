/** Simulated guests on their way to another host: one JSON document, always of what is stopped. */
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { InstanceSpec, MoveFacts, TransferPass } from '@weft/contracts';
import { readdir } from 'node:fs/promises';
import { z } from 'zod';
import type { Arrival, Handover, HandoverSelection } from '../handover';
import type { Archive, Mover } from '../mover';
import { simDiskSchema } from './sim-disk';
import type { SimHost, SimGuest } from './sim-host';

const archiveSchema = z.object({ disk: simDiskSchema, snapshots: z.record(z.string(), simDiskSchema), saved: z.boolean() });

/** Nothing of it can lead anywhere, so what comes from other servers is read as what comes from members. */
export class SimHandover implements Handover {
  constructor(
    private readonly host: SimHost,
    private readonly type: SimGuest['type'],
  ) {}

  async describe(instanceId: string): Promise<{ image: string; bytes: number }> {
    return { image: '', bytes: JSON.stringify((await this.host.disk(instanceId)).data).length };
  }

  async send(instanceId: string, { root, snapshots }: HandoverSelection): Promise<Archive> {
    const kept: Record<string, unknown> = {};
    for (const id of snapshots) kept[id] = (await this.host.disk(instanceId, id)).data;
    const { data } = await this.host.disk(instanceId, ...(root === '' ? [] : [root]));
    return { stream: Readable.from([Buffer.from(JSON.stringify({ disk: data, snapshots: kept, saved: false }))]), done: Promise.resolve() };
  }

  recover = (): Promise<void> => Promise.resolve();

  async receive(spec: InstanceSpec, archive: Readable, { snapshots: ids }: Arrival): Promise<() => Promise<void>> {
    const { disk, snapshots } = archiveSchema.parse(JSON.parse(await text(archive)));
    return async () => {
      await this.host.saveDisk(spec.id, disk);
      for (const [from, to] of Object.entries(ids)) await this.host.saveDisk(spec.id, simDiskSchema.parse(snapshots[from]), to);
      await this.host.saveGuest(spec.id, { type: this.type, status: 'stopped', epoch: 0, pid: 0, startedAt: 0 });
    };
  }
}

export class SimMover implements Mover {
  constructor(
    private readonly host: SimHost,
    private readonly type: SimGuest['type'],
  ) {}

  async facts(spec: InstanceSpec): Promise<MoveFacts> {
    const { data } = await this.host.disk(spec.id);
    return {
      diskBytes: 0,
      usedBytes: JSON.stringify(data).length,
      memoryBytes: 0,
      blockers: this.type === 'container' ? [] : ['a simulated machine has no memory'],
    };
  }

  async send(instanceId: string): Promise<Archive> {
    const guest = await this.host.requireGuest(instanceId, instanceId);
    const snapshots: Record<string, unknown> = {};
    for (const id of await readdir(this.host.path(instanceId, 'snapshots')).catch(() => [])) snapshots[id] = (await this.host.disk(instanceId, id)).data;
    const stream = new PassThrough();
    stream.end(JSON.stringify({ disk: (await this.host.disk(instanceId)).data, snapshots, saved: guest.saved }));
    return { stream, done: Promise.resolve() };
  }

  async receive(spec: InstanceSpec, pass: TransferPass, archive: Readable): Promise<void> {
    const { disk, snapshots, saved } = archiveSchema.parse(JSON.parse(await text(archive)));
    if (pass === 'first') return;
    await this.host.saveDisk(spec.id, disk);
    for (const [id, data] of Object.entries(snapshots)) await this.host.saveDisk(spec.id, data, id);
    await this.host.saveGuest(spec.id, { type: this.type, status: 'stopped', epoch: 0, pid: 0, startedAt: 0, saved });
  }
}
