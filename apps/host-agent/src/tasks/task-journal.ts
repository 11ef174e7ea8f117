import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isId, taskResultSchema, type TaskResult } from '@weft/contracts';
import { readJson, writeDurably } from '../files/durable-file';
import { withReserve } from '../files/reserve';

/** Longer than JetStream keeps a task (24 h): after that nobody repeats it. */
const KEEP_MS = 48 * 3600 * 1000;

/** Results of finished tasks, `tasks/<taskId>.json`: a repeated task is answered from here and not done again. */
export class TaskJournal {
  constructor(private readonly dir: string) {}

  static async open(dir: string): Promise<TaskJournal> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    return new TaskJournal(dir);
  }

  find(taskId: string): Promise<TaskResult | undefined> {
    return readJson(this.file(taskId), taskResultSchema);
  }

  async record(result: TaskResult): Promise<void> {
    await withReserve(() => writeDurably(this.file(result.taskId), JSON.stringify(result)));
  }

  /** Removes what is older than anybody's patience; `now` in milliseconds since the epoch. */
  async prune(now: number): Promise<void> {
    for (const name of await readdir(this.dir)) {
      const path = join(this.dir, name);
      const { mtimeMs } = await stat(path);
      if (now - mtimeMs > KEEP_MS) await rm(path, { force: true });
    }
  }

  private file(taskId: string): string {
    if (!isId(taskId)) throw new Error('a task id is a UUID');
    return join(this.dir, `${taskId}.json`);
  }
}
