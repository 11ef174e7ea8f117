import type { Serial } from '../../files/serial';
import type { ContainerStorage } from '../../storage/container-storage';
import type { GuestRoot } from './container-files';
import type { ContainerRuntime } from './container-runtime';

/** Opens containers' roots for file access: a running one as its guest sees it, a stopped one mounted meanwhile. */
export class ContainerRoots {
  private readonly users = new Map<string, number>();

  constructor(
    private readonly runtime: ContainerRuntime,
    private readonly storage: ContainerStorage,
    private readonly serial: Serial,
  ) {}

  open(instanceId: string): Promise<GuestRoot> {
    return this.serial.run(instanceId, async () => {
      const record = await this.runtime.record(instanceId);
      const idBase = record.idmapBase ?? 0;
      const initPid = (await this.runtime.find(instanceId))?.initPid;
      if (initPid !== undefined) return { path: `/proc/${initPid}/root`, initPid, idBase, release: () => Promise.resolve() };
      const path = await this.storage.mount(instanceId, record);
      this.users.set(instanceId, (this.users.get(instanceId) ?? 0) + 1);
      let isOpen = true;
      const release = async (): Promise<void> => {
        if (!isOpen) return;
        isOpen = false;
        await this.release(instanceId);
      };
      return { path, idBase, release };
    });
  }

  /** Takes down what a run needed once nothing runs or reads. */
  tidy(instanceId: string): Promise<void> {
    return this.serial.run(instanceId, async () => {
      if (this.users.has(instanceId) || (await this.runtime.find(instanceId))) return;
      await this.runtime.settle(instanceId);
    });
  }

  private async release(instanceId: string): Promise<void> {
    const left = (this.users.get(instanceId) ?? 1) - 1;
    if (left > 0) this.users.set(instanceId, left);
    else this.users.delete(instanceId);
    await this.tidy(instanceId);
  }
}
