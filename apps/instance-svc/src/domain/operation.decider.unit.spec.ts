import type { OperationEvent } from '@weft/contracts';
import { cancelOperation, completeOperation, openOperation } from './operation.decider';
import { operationFold, type OperationState } from './operation.state';

const now = new Date('2030-01-01T00:00:00.000Z');
const open = (mayCancel = true) =>
  openOperation(
    { id: 'o1', project: 'default', class: 'task', description: 'Creating instance', resources: null, location: 'host1', timeLimitMs: 1_000, mayCancel },
    now,
  );
const given = (...events: OperationEvent[]): OperationState => events.reduce(operationFold.evolve, operationFold.initial);

it('opens running, with a deadline', () => {
  expect(open().data).toMatchObject({ deadlineAt: now.getTime() + 1_000, operation: { status: 'Running', status_code: 103, metadata: null, err: '' } });
});

it('ends once: a second end changes nothing', () => {
  const [completed] = completeOperation(given(open()), { status: 'Success', metadata: { a: 1 } }, now);
  expect(completed).toMatchObject({ data: { operation: { status_code: 200, may_cancel: false, metadata: { a: 1 } } } });
  expect(completeOperation(given(open(), completed!), { status: 'Failure', err: 'late' }, now)).toEqual([]);
});

it('says what went wrong', () => {
  expect(completeOperation(given(open()), { status: 'Failure', err: 'disk full' }, now)).toMatchObject([
    { data: { operation: { status_code: 400, err: 'disk full' } } },
  ]);
  expect(completeOperation(given(open()), { status: 'Cancelled' }, now)).toMatchObject([{ data: { operation: { status_code: 401 } } }]);
});

it('is cancelled only while it runs and allows it', () => {
  const asked = cancelOperation(given(open()), now);
  expect(asked).toMatchObject([{ type: 'OperationCancelRequested', data: { operation: { status: 'Cancelling' } } }]);
  expect(cancelOperation(given(open(), ...asked), now)).toEqual([]);
  expect(() => cancelOperation(given(open(false)), now)).toThrow("can't be cancelled");
  expect(() => cancelOperation(given(), now)).toThrow('Operation not found');
  expect(() => cancelOperation(given(open(), ...completeOperation(given(open()), { status: 'Success' }, now)), now)).toThrow(
    'Only running operations can be cancelled',
  );
});
