import { Socket } from 'node:net';

/** A socket that sends what is written in one go of the event loop with one system call, in place of one for each write. */
export class GatheringSocket extends Socket {
  private gathers = false;

  override write(...written: unknown[]): boolean {
    if (!this.gathers && !this.connecting) this.gather();
    return super.write(...(written as Parameters<Socket['write']>));
  }

  private gather(): void {
    this.gathers = true;
    this.cork();
    process.nextTick(() => {
      this.gathers = false;
      this.uncork();
    });
  }
}
