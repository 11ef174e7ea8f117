/**
 * Two hosts and a log, without any of the real ones, for sagas of moves: what can be observed of agents and QEMU, and
 * everything that may go wrong between them. After each change it is checked that the guest runs on one host at most.
 *
 *   order is lost | done, the answer is lost | done later | the service dies before | dies behind | QEMU is killed
 */
import type { MoveFacts, SettledOutcome, TaskBody, TaskKind } from '@weft/contracts';
import { WeftError } from '@weft/contracts';
import type { MoveContext, MoveWorld } from './migration-work';

type Process = 'none' | 'running' | 'incoming' | 'arrived' | 'postmigrate' | 'dead';

interface Host {
  name: string;
  files: boolean;
  process: Process;
  /** The source's part of a move that is under way. */
  leaving: { id: string; phase: 'disk' | 'memory' } | undefined;
  /** The target's. */
  coming: string | undefined;
  results: Map<string, Record<string, unknown> | WeftError>;
  /** Orders that the host carries out before the next one. */
  queue: (() => void)[];
}

export type Fault = 'lost' | 'answer-lost' | 'later' | 'dies-before' | 'dies-behind' | 'source-killed' | 'target-killed';
export const FAULTS: readonly Fault[] = ['lost', 'answer-lost', 'later', 'dies-before', 'dies-behind', 'source-killed', 'target-killed'];

/** A fault, or none, for the next order; and whether the hint to begin reaches the target. */
export interface Fate {
  fault(): Fault | undefined;
  hint(): boolean;
}

const unavailable = (): WeftError => new WeftError('member.unavailable', 'Member is offline');
const failed = (why: string): WeftError => new WeftError('task.failed', why);

export class SimulatedMove implements MoveWorld {
  readonly source = host('host1');
  readonly target = host('host2');
  member = 'host1';
  ended: 'succeeded' | 'failed' | undefined;
  bound: string[] = ['host1'];
  killed = false;
  ranTwice = false;
  readonly history: string[] = [];
  die: () => Error = () => new Error('not begun');

  constructor(
    private readonly fate: Fate,
    runs: boolean,
  ) {
    this.source.files = true;
    if (runs) this.source.process = 'running';
  }

  turn = (): Promise<void> => Promise.resolve();
  facts = (): Promise<MoveFacts> => Promise.resolve({ diskBytes: 1, usedBytes: 1, memoryBytes: 1, abi: {}, blockers: [] });
  hasImage = (): boolean => false;

  order<K extends TaskKind>(ctx: MoveContext, member: string, kind: K, body: TaskBody<K>, label: string = kind): Promise<Record<string, unknown>> {
    return this.give(member, kind, body, `${ctx.commandId} ${label}`);
  }

  decide<K extends TaskKind>(_ctx: MoveContext, member: string, kind: K, body: TaskBody<K>): Promise<Record<string, unknown>> {
    return this.give(member, kind, body, undefined);
  }

  later<K extends TaskKind>(_ctx: MoveContext, member: string, kind: K, body: TaskBody<K>): Promise<void> {
    this.hostOf(member).queue.push(() => void this.attempt(this.hostOf(member), kind, body));
    if (this.fate.fault() === undefined) this.flush(this.hostOf(member));
    return Promise.resolve();
  }

  readonly ports = {
    specAtTarget: ({ params }: MoveContext) => Promise.resolve(params.targetSpec),
    bindBoth: () => this.bind(['host1', 'host2']),
    bindOne: (_ctx: MoveContext, member: string) => this.bind([member]),
    activate: async ({ params }: MoveContext, member: string) => {
      await this.bind([member]);
      return params.targetSpec;
    },
  };

  hasMoved = (): Promise<boolean> => Promise.resolve(this.member === 'host2');

  record = (): Promise<void> => this.inOtherService('record', () => void (this.member = 'host2'));

  succeeded = (): Promise<void> => Promise.resolve(void (this.ended = 'succeeded'));
  failed = (): Promise<void> => Promise.resolve(void (this.ended = 'failed'));

  /** What every host still has to do is done. */
  settleDown(): void {
    this.flush(this.source);
    this.flush(this.target);
  }

  private hostOf = (member: string): Host => (member === 'host1' ? this.source : this.target);

  private flush(at: Host): void {
    for (const work of at.queue.splice(0)) work();
  }

  /** What is about to go wrong with it. */
  private nextFault(what: string): Fault | undefined {
    const fault = this.fate.fault();
    this.history.push(`${what}${fault ? ` (${fault})` : ''}`);
    if (fault === 'source-killed') this.kill(this.source);
    if (fault === 'target-killed') this.kill(this.target);
    return fault;
  }

  private bind = (members: string[]): Promise<void> => this.inOtherService(`bind to ${members.join()}`, () => void (this.bound = members));

  /** A service that does it at once or not at all; it keeps nothing for later. */
  private inOtherService(what: string, work: () => void): Promise<void> {
    const fault = this.nextFault(what);
    if (fault === 'dies-before') return Promise.reject(this.die());
    if (fault === 'lost' || fault === 'later') return Promise.reject(unavailable());
    work();
    if (fault === 'dies-behind') return Promise.reject(this.die());
    return fault === 'answer-lost' ? Promise.reject(unavailable()) : Promise.resolve();
  }

  private give<K extends TaskKind>(member: string, kind: K, body: TaskBody<K>, taskId: string | undefined): Promise<Record<string, unknown>> {
    const at = this.hostOf(member);
    const fault = this.nextFault(`${kind}@${member}`);
    if (fault === 'dies-before') return Promise.reject(this.die());
    if (fault === 'lost') return Promise.reject(unavailable());
    const work = () => this.once(at, taskId, () => this.attempt(at, kind, body));
    if (fault === 'later') {
      at.queue.push(() => void work());
      return Promise.reject(unavailable());
    }
    this.flush(at);
    const answer = work();
    if (fault === 'dies-behind') return Promise.reject(this.die());
    if (fault === 'answer-lost') return Promise.reject(unavailable());
    return answer instanceof WeftError ? Promise.reject(answer) : Promise.resolve(answer);
  }

  /** A repeated task gets the stored answer. */
  private once(at: Host, taskId: string | undefined, work: () => Record<string, unknown> | WeftError): Record<string, unknown> | WeftError {
    const stored = taskId === undefined ? undefined : at.results.get(taskId);
    const answer = stored ?? work();
    if (taskId !== undefined) at.results.set(taskId, answer);
    return answer;
  }

  private attempt<K extends TaskKind>(at: Host, kind: K, body: TaskBody<K>): Record<string, unknown> | WeftError {
    try {
      const answer = this.carryOut(at, kind, body as TaskBody);
      if (this.source.process === 'running' && this.target.process === 'running') this.ranTwice = true;
      return answer;
    } catch (error) {
      if (error instanceof WeftError) return error;
      throw error;
    }
  }

  private kill(at: Host): void {
    if (at.process === 'none' || at.process === 'dead') return;
    at.process = 'dead';
    this.killed = true;
  }

  private carryOut(at: Host, kind: TaskKind, body: TaskBody): Record<string, unknown> {
    const id = 'migrationId' in body ? body.migrationId : '';
    switch (kind) {
      case 'migration.prepare-target':
        if (at.coming === id && at.process === 'incoming') return ENDPOINT;
        Object.assign(at, { files: true, process: 'incoming', coming: id });
        return ENDPOINT;
      case 'migration.mirror':
        if (at.process !== 'running') throw failed('The instance is not running');
        at.leaving ??= { id, phase: 'disk' };
        if (!this.isWaiting(id)) throw failed('the connection to the target was lost');
        return {};
      case 'migration.memory':
        return this.copyMemory(at, id);
      case 'migration.switchover':
        return this.switchOver(at, id);
      case 'migration.settle':
        return { outcome: this.settle(at, 'reclaim' in body && body.reclaim) };
      case 'migration.confirm-target':
        this.confirm(at);
        return {};
      case 'migration.discard-target':
        if (at.process === 'running') return { running: true };
        Object.assign(at, { files: false, process: 'none', coming: undefined });
        return { running: false };
      case 'instance.fetch':
        at.files = true;
        return {};
      case 'instance.stop':
        at.process = 'none';
        return {};
      case 'instance.start':
        if (!at.files) throw new WeftError('instance.not-found', 'not here');
        at.process = 'running';
        return {};
      case 'instance.delete':
        Object.assign(at, { files: false, process: 'none', leaving: undefined, coming: undefined });
        return {};
      default:
        return {};
    }
  }

  private isWaiting = (id: string): boolean => this.target.coming === id && this.target.process === 'incoming';

  private copyMemory(at: Host, id: string): Record<string, unknown> {
    if (at.leaving?.id !== id) throw failed('The move was ended meanwhile');
    if (at.process === 'postmigrate') return {};
    at.leaving.phase = 'memory';
    if (at.process !== 'running' || !this.isWaiting(id)) throw failed('the memory could not be copied');
    return {};
  }

  private switchOver(at: Host, id: string): Record<string, unknown> {
    if (at.leaving?.id !== id) throw failed('The move was ended meanwhile');
    if (at.process === 'postmigrate') return RESULT;
    if (at.leaving.phase !== 'memory') throw failed('The memory has not been copied');
    if (at.process !== 'running' || !this.isWaiting(id)) throw failed('the memory could not be copied');
    at.process = 'postmigrate';
    this.target.process = 'arrived';
    if (this.fate.hint()) this.target.process = 'running';
    return RESULT;
  }

  private settle(at: Host, reclaim: boolean): SettledOutcome {
    if (!at.files) return 'gone';
    if (!at.leaving) return 'resumed';
    if (at.process === 'dead') return at.leaving.phase === 'disk' ? 'resumed' : 'gone';
    if (at.process === 'postmigrate' && !reclaim) return 'handed-over';
    at.process = 'running';
    at.leaving = undefined;
    return 'resumed';
  }

  private confirm(at: Host): void {
    if (at.process === 'running') return;
    if (at.process !== 'arrived') throw failed('The memory of the guest has not come whole');
    at.process = 'running';
  }
}

const ENDPOINT = { host: '127.0.0.1', memoryPort: 1, diskPort: 2 };
const RESULT = { downtimeMs: 1, totalMs: 1, memoryBytes: 1, rounds: 1 };
const host = (name: string): Host => ({ name, files: false, process: 'none', leaving: undefined, coming: undefined, results: new Map(), queue: [] });
