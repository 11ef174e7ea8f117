import type { RunningContainer } from '@weft/lxc';

/**
 * Notices that a container has ended or rebooted on its own. Nobody but the monitor's parent (process 1) is told when
 * it ends, so the processes are looked at, a few file reads for each running container.
 */
export class ContainerWatch {
  private readonly seen = new Map<string, number>();
  private readonly listeners: ((instanceId: string) => void)[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly find: (instanceId: string) => Promise<RunningContainer | undefined>,
    private readonly onEnded: (instanceId: string) => Promise<void>,
    private readonly onRebooted: (instanceId: string) => void = () => undefined,
    private readonly intervalMs = 500,
  ) {}

  listen(listener: (instanceId: string) => void): void {
    this.listeners.push(listener);
    this.schedule();
  }

  /** It runs and should go on. Tells the listeners when it is not the init that ran before. */
  expect(instanceId: string, initPid: number): void {
    const before = this.seen.get(instanceId);
    this.seen.set(instanceId, initPid);
    if (before === undefined || before === initPid) return;
    this.onRebooted(instanceId);
    this.tell(instanceId);
  }

  /** It is being stopped on purpose. */
  forget(instanceId: string): void {
    this.seen.delete(instanceId);
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => void this.look(), this.intervalMs).unref();
  }

  private async look(): Promise<void> {
    for (const [instanceId, pid] of [...this.seen]) await this.compare(instanceId, pid);
    this.timer = undefined;
    this.schedule();
  }

  private async compare(instanceId: string, pid: number): Promise<void> {
    const running = await this.find(instanceId);
    // A monitor without init is between two states: look again.
    if (this.seen.get(instanceId) !== pid || running?.initPid === pid || (running && running.initPid === undefined)) return;
    if (running?.initPid !== undefined) {
      this.seen.set(instanceId, running.initPid);
      this.onRebooted(instanceId);
    } else {
      this.seen.delete(instanceId);
      await this.onEnded(instanceId).catch(() => undefined);
    }
    this.tell(instanceId);
  }

  private tell(instanceId: string): void {
    for (const listener of this.listeners) listener(instanceId);
  }
}
