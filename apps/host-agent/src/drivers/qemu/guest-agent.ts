import { WeftError } from '@weft/contracts';
import { GuestAgentClient } from '@weft/qmp';
import { withMonitor, withSocketPath } from './vm-monitor';
import { SOCKETS, type VmPaths } from './vm-paths';

/** How long an idle connection to an agent is kept: the next command finds it open. */
const IDLE_MS = 1_000;
const SYNC_MS = 3_000;

interface Shared {
  client: Promise<GuestAgentClient>;
  users: number;
  idle?: NodeJS.Timeout;
}

/** One connection to each guest's agent (its port serves one client), shared by everything that talks to it. */
export class GuestAgents {
  private readonly shared = new Map<string, Shared>();

  /** A connection until `release`. @throws WeftError instance.wrong-status when no agent answers */
  async acquire(paths: VmPaths): Promise<{ agent: GuestAgentClient; release: () => void }> {
    const key = paths.dir;
    let entry = this.shared.get(key);
    if (!entry) {
      entry = { client: open(paths), users: 0 };
      this.shared.set(key, entry);
      const mine = entry;
      const forget = () => this.shared.get(key) === mine && this.shared.delete(key);
      entry.client.then((client) => client.closed.then(forget), forget);
    }
    clearTimeout(entry.idle);
    entry.users += 1;
    const used = entry;
    try {
      return { agent: await used.client, release: once(() => this.release(key, used)) };
    } catch (error) {
      used.users -= 1;
      throw error;
    }
  }

  async use<T>(paths: VmPaths, work: (agent: GuestAgentClient) => Promise<T>): Promise<T> {
    const { agent, release } = await this.acquire(paths);
    try {
      return await work(agent);
    } finally {
      release();
    }
  }

  private release(key: string, entry: Shared): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    entry.idle = setTimeout(() => {
      if (this.shared.get(key) === entry) this.shared.delete(key);
      void entry.client.then((client) => client.close());
    }, IDLE_MS);
    entry.idle.unref();
  }
}

async function open(paths: VmPaths): Promise<GuestAgentClient> {
  try {
    const ports = await withMonitor(paths, (qmp) => qmp.execute('query-chardev'));
    // Nobody in the guest has opened the port: no need to wait for an answer.
    if (!ports.some((port) => port.label === 'qga' && port['frontend-open'])) throw new Error('the port of the guest agent is closed');
    return await withSocketPath(paths, SOCKETS.agent, (path) => GuestAgentClient.connect(path, { syncTimeoutMs: SYNC_MS, timeoutMs: 30_000 }));
  } catch (error) {
    throw new WeftError('instance.wrong-status', 'The QEMU guest agent of this instance does not answer', { cause: error });
  }
}

const once = (work: () => void): (() => void) => {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
};
