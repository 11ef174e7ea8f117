/**
 * What ends the wait of a task that waits for a guest.
 *
 *   stop (polite) waits ---- stop with force, or delete, arrives ----> kills the guest, succeeds; then the other's turn
 *                       ---- task.cancel arrives -------------------> leaves the guest alone, fails as cancelled
 *
 * and of one that waits for a link: what leaves is settled, what comes is deleted.
 */
import { WeftError } from '@weft/contracts';
import { instanceOf, type Task } from './task';

/** Why a polite stop shall not wait any longer: somebody wants the guest gone now. */
export class Hurried extends Error {
  constructor() {
    super('A stop with force came meanwhile');
  }
}

export const cancelled = (): WeftError => new WeftError('operation.cancelled', 'Operation cancelled');

/** It only waits, for as long as the guest takes: no reason to keep other instances' work from its slot. */
export const isPoliteStop = (task: Task): boolean => task.kind === 'instance.stop' && !task.body.force && !task.body.stateful;

/** The source's work of a move, which takes as long as there is to copy. */
const LEAVING: readonly Task['kind'][] = ['migration.mirror', 'migration.memory', 'migration.switchover'];
const isLeaving = (task: Task): boolean => LEAVING.includes(task.kind);

/** May `task` end the wait of `waiting`? */
export const hurries = (task: Task, waiting: Task): boolean => instanceOf(task) === instanceOf(waiting) && endsWait(task, waiting);

function endsWait(task: Task, waiting: Task): boolean {
  switch (task.kind) {
    case 'migration.settle':
      return isLeaving(waiting);
    case 'migration.discard-target':
      return waiting.kind === 'migration.prepare-target' && waiting.body.migrationId === task.body.migrationId;
    case 'instance.delete':
      return waiting.kind === 'instance.fetch' || isPoliteStop(waiting);
    case 'instance.stop':
      return task.body.force && isPoliteStop(waiting);
    default:
      return false;
  }
}
