import { OvsdbDisconnected, OvsdbTransactionError } from '@weft/ovsdb';
import type { Scope } from '../model';
import type { Difference } from '../plan/difference';
import type { Plan } from '../plan/plan';
import type { DesiredRow } from '../rows/desired-row';

export interface Committed {
  /** `nb_cfg` that the transaction raised. */
  readonly sequence: number;
}

export interface Outcome {
  readonly differences: readonly Difference[];
  /** Undefined: nothing had to be written. */
  readonly sequence: number | undefined;
}

interface Waiting {
  readonly desired: readonly DesiredRow[];
  readonly scope: Scope;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

const ATTEMPTS = 10;

/**
 * One transaction at a time, each planned on the copy that the one before has left. What comes in meanwhile shares the next one, as
 * long as it is about different owners; when such a transaction fails, each of its changes has one of its own.
 */
export class ChangeQueue {
  private readonly waiting: Waiting[] = [];
  private busy = false;
  private current: ReadonlySet<string> = new Set();

  constructor(
    private readonly commit: (plan: Plan) => Promise<Committed>,
    private readonly plan: (desired: readonly DesiredRow[], scope: Scope) => Plan,
  ) {}

  /** Whose rows are being written now. */
  get owners(): ReadonlySet<string> {
    return this.current;
  }

  add(desired: readonly DesiredRow[], scope: Scope): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ desired, scope, resolve, reject });
      if (!this.busy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.busy = true;
    // What is added in the same turn shares the first transaction.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = takeGroup(this.waiting);
      if (!(await this.settle(group)) && group.length > 1) for (const one of group) await this.settle([one]);
    }
    this.busy = false;
  }

  /** @returns whether the changes have their outcome; a group that fails has none */
  private async settle(group: readonly Waiting[]): Promise<boolean> {
    try {
      const outcome = await this.write(
        group.flatMap(({ desired }) => desired),
        group.length === 1 ? group[0]!.scope : group.flatMap(({ scope }) => scope as readonly never[]),
      );
      for (const one of group) one.resolve({ ...outcome, differences: group.length === 1 ? outcome.differences : about(one, outcome.differences) });
      return true;
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error);
      return false;
    } finally {
      this.current = new Set();
    }
  }

  private async write(desired: readonly DesiredRow[], scope: Scope): Promise<Outcome> {
    for (let attempt = 1; ; attempt++) {
      const plan = this.plan(desired, scope);
      if (plan.operations.length === 0) return { differences: plan.differences, sequence: undefined };
      this.current = new Set(plan.owners);
      try {
        return { differences: plan.differences, ...(await this.commit(plan)) };
      } catch (error) {
        if (attempt === ATTEMPTS || !isWorthAnother(error)) throw error;
      }
    }
  }
}

/**
 * Somebody else was faster: the copy knows by now (a server sends what has changed before it answers). Or the answer was lost: the
 * copy shows whether the change has been made.
 */
function isWorthAnother(error: unknown): boolean {
  if (error instanceof OvsdbTransactionError) return ['timed out', 'constraint violation', 'referential integrity violation'].includes(error.error);
  return error instanceof OvsdbDisconnected && error.outcome === 'unknown';
}

/** The first changes in the queue that are about different owners. */
function takeGroup(queue: Waiting[]): Waiting[] {
  const owners = new Set<string>();
  const group: Waiting[] = [];
  for (const next of queue) {
    if (next.scope === 'everything' || next.scope.some((owner) => owners.has(owner))) break;
    for (const owner of next.scope) owners.add(owner);
    group.push(next);
  }
  return queue.splice(0, Math.max(1, group.length));
}

function about({ scope }: Waiting, differences: readonly Difference[]): Difference[] {
  return differences.filter(({ owner }) => (scope as readonly string[]).includes(owner));
}
