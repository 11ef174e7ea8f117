import { setTimeout as sleep } from 'node:timers/promises';
import type { TiedProcess } from '@weft/embedded';
import type { Logger } from 'pino';
import type { Progress } from '../progress';

/**
 * Keeps services running.
 *
 *   waiting --all of `after` ready--> starting --ready--> running --ends--> back-off --> starting
 *                                        +------ fails or ends ------------>--^
 *
 * A service that never became ready and failed `ATTEMPTS` times makes `start` fail; one that was ready once is
 * restarted for ever.
 */
export interface Service {
  name: string;
  /** Services that must be ready before this one is started; it is stopped before them. */
  after: readonly string[];
  /** Resolves when it serves; rejects when it cannot, or when `stopped` aborts meanwhile; then nothing of it runs. */
  start(stopped: AbortSignal): Promise<RunningService>;
}

export interface RunningService {
  process: TiedProcess;
  stop(): Promise<void>;
}

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** A service that ran for so long starts with the shortest pause again. */
const HEALTHY_MS = 30_000;

export class Supervisor {
  private readonly running = new Map<string, RunningService>();
  private readonly ready = new Map<string, Promise<void>>();
  private readonly loops: Promise<void>[] = [];
  private readonly stopped = new AbortController();

  constructor(
    private readonly services: readonly Service[],
    private readonly progress: Progress,
    private readonly log: Logger,
  ) {}

  /** Resolves when every service is ready, rejects when one cannot start. */
  async start(): Promise<void> {
    const outcomes = this.services.map((service) => {
      let resolve = (): void => undefined;
      let reject: (error: unknown) => void = () => undefined;
      this.ready.set(service.name, new Promise((onReady, onFailure) => ([resolve, reject] = [onReady, onFailure])));
      return { service, resolve, reject };
    });
    // Only now: a loop looks its dependencies up as soon as it starts.
    for (const { service, resolve, reject } of outcomes) this.loops.push(this.keep(service, resolve, reject).catch(reject));
    await Promise.all(this.ready.values());
  }

  /** Stops services before what they need; resolves when all are gone. */
  async stop(): Promise<void> {
    this.stopped.abort();
    const ended = new Map<string, Promise<void>>();
    const end = (service: Service): Promise<void> => {
      const known = ended.get(service.name);
      if (known) return known;
      const users = this.services.filter(({ after }) => after.includes(service.name));
      const work = Promise.all(users.map(end)).then(() => this.running.get(service.name)?.stop());
      ended.set(service.name, work);
      return work;
    };
    await Promise.all(this.services.map(end));
    await Promise.all(this.loops);
  }

  private async keep(service: Service, resolve: () => void, reject: (error: unknown) => void): Promise<void> {
    await Promise.all(service.after.map((name) => this.ready.get(name) ?? Promise.reject(new Error(`${service.name} needs the unknown service ${name}`))));
    let wasReady = false;
    for (let failures = 0; !this.stopped.signal.aborted; failures += 1) {
      const startedAt = performance.now();
      try {
        const running = await (wasReady ? service.start(this.stopped.signal) : this.progress.during(service.name, () => service.start(this.stopped.signal)));
        this.running.set(service.name, running);
        this.log.info({ service: service.name, pid: running.process.identity.pid }, 'service ready');
        wasReady = true;
        resolve();
        if (this.stopped.signal.aborted) await running.stop();
        const { code, signal } = await running.process.exited;
        this.running.delete(service.name);
        if (this.stopped.signal.aborted) return;
        this.log.error({ service: service.name, code, signal }, 'service ended');
      } catch (error) {
        // Whoever waits for this one must not wait for ever.
        if (this.stopped.signal.aborted) return reject(error);
        this.log.error({ service: service.name, err: error }, 'service did not start');
        if (!wasReady && failures + 1 >= ATTEMPTS) return reject(error);
      }
      if (performance.now() - startedAt > HEALTHY_MS) failures = 0;
      await this.pause(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS));
    }
    if (!wasReady) reject(new Error(`${service.name} was stopped before it was ready`));
  }

  /** Ends early when the supervisor stops. */
  private async pause(forMs: number): Promise<void> {
    await sleep(forMs, undefined, { signal: this.stopped.signal }).catch(() => undefined);
  }
}
