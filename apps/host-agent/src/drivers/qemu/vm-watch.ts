import { appendFile, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@weft/platform';
import { type QmpClient, QmpLink, type QmpEvent } from '@weft/qmp';
import { withMonitor } from './vm-monitor';
import { findProcess } from './vm-process';
import { SOCKETS, type VmPaths } from './vm-paths';

/** Events that change what `inspect` says. */
const TELLING = new Set(['SHUTDOWN', 'RESET', 'STOP', 'RESUME', 'GUEST_PANICKED', 'BLOCK_IO_ERROR']);
const LONGEST_LOG_BYTES = 1024 ** 2;

/** Listens to the events of every running VM, keeps them in its log, and tells when a guest changed by itself. */
export class VmWatch {
  private readonly links = new Map<string, QmpLink>();
  private readonly awaited = new Set<(id: string, event: QmpEvent) => void>();

  constructor(
    private readonly changed: (instanceId: string) => void,
    private readonly logger: Logger,
  ) {}

  /** Safe to repeat. */
  async add(id: string, paths: VmPaths): Promise<void> {
    if (this.links.has(id)) return;
    // The open directory keeps the path to the socket short (unix(7)).
    const directory = await open(paths.dir, 'r');
    if (this.links.has(id)) return directory.close();
    const link = new QmpLink(`/proc/self/fd/${directory.fd}/${SOCKETS.events}`, {
      onEvent: (event) => this.note(id, paths, event),
      onDown: async () => (await findProcess(paths)) !== undefined,
    });
    this.links.set(id, link);
    void link.ended
      .then(async () => {
        if (this.links.get(id) === link) this.links.delete(id);
        await directory.close();
        this.changed(id);
      })
      .catch((error: unknown) => this.logger.warn({ err: error, instance: id }, 'Watching a virtual machine ended badly'));
  }

  /** Waits for the guest's next event of that name; not longer than that, since events may be lost. */
  async next(id: string, name: string, timeoutMs: number): Promise<void> {
    let listener: (from: string, event: QmpEvent) => void = () => undefined;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
      listener = (from, { event }) => from === id && event === name && resolve();
      this.awaited.add(listener);
    });
    clearTimeout(timer);
    this.awaited.delete(listener);
  }

  /** For commands that cannot wait for a connection of their own: those that a guest's pause is made of. */
  withLink<T>(id: string, paths: VmPaths, work: (qmp: QmpClient) => Promise<T>): Promise<T> {
    const link = this.links.get(id)?.current;
    return link ? work(link) : withMonitor(paths, work);
  }

  remove(id: string): void {
    const link = this.links.get(id);
    this.links.delete(id);
    link?.close();
  }

  private note(id: string, paths: VmPaths, event: QmpEvent): void {
    for (const listener of this.awaited) listener(id, event);
    if (!TELLING.has(event.event)) return;
    appendLine(paths.eventLog, JSON.stringify({ at: new Date(event.at).toISOString(), event: event.event, ...event.data })).catch((error: unknown) =>
      this.logger.warn({ err: error, instance: id }, 'An event of a virtual machine could not be logged'),
    );
    this.changed(id);
  }
}

async function appendLine(path: string, line: string): Promise<void> {
  const size = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  if (size > LONGEST_LOG_BYTES) await rename(path, join(`${path}.old`));
  await appendFile(path, `${line}\n`, { mode: 0o600 });
}
