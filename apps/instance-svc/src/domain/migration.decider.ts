/** An instance that moves to another member: held by one operation, its status as it is. */
import { WeftError, type InstanceEvent } from '@weft/contracts';
import { checkInstanceName } from './instance-name';
import { free, holds, placeOf } from './instance.decider';
import { ORIGIN_KEY, type InstanceState } from './instance.state';

export function migrateInstance(state: InstanceState, operationId: string, command: { target: string; newName: string }): InstanceEvent[] {
  const instance = free(state);
  if (instance.member === command.target) throw new WeftError('instance.wrong-status', `The instance is on member ${command.target} already`);
  if (instance.retainedBy.length > 0) throw new WeftError('instance.busy', 'Instance is busy running a copy operation');
  if (command.newName !== instance.name) checkInstanceName(command.newName);
  return [{ type: 'InstanceLocked', data: { ...placeOf(instance), operationId, kind: 'migrate' } }];
}

/**
 * From here on it is the target's. The operation keeps holding it until its source is tidied up.
 * @param move `origin`: the member that it is evacuated from; whoever moves it back there, it is at home again
 */
export function instanceMoved(
  state: InstanceState,
  operationId: string,
  move: { member: string; epoch: number; newName: string; origin?: string },
): InstanceEvent[] {
  if (!holds(state, operationId) || state.member === move.member) return [];
  const renamed: InstanceEvent[] =
    move.newName === state.name ? [] : [{ type: 'InstanceRenamed', data: { ...placeOf({ ...state, name: move.newName }), operationId, oldName: state.name } }];
  const { member, epoch } = move;
  const origin = state.config[ORIGIN_KEY] === member ? '' : move.origin;
  const moved = { ...placeOf({ ...state, name: move.newName }), operationId, member, from: state.member, epoch };
  return [...renamed, { type: 'InstanceMoved', data: { ...moved, ...(origin === undefined ? {} : { origin }) } }];
}
