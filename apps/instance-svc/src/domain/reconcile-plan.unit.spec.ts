import { planReconcile, type Correction, type KnownInstance, type Reported } from './reconcile-plan';

const known = (changes: Partial<KnownInstance> = {}): KnownInstance => ({ id: 'i1', status: 'running', epoch: 2, locked: false, ...changes });
const seen = (changes: Partial<Reported> = {}): Reported => ({ id: 'i1', epoch: 2, status: 'running', ...changes });
const plan = (one: KnownInstance[], reported: Reported[], unseen = false): Correction[] => planReconcile({ known: one, reported, endedUnseen: () => unseen });

it('does nothing when log and host agree', () => {
  expect(plan([known()], [seen()])).toEqual([]);
  expect(plan([known({ status: 'stopped' })], [])).toEqual([]);
  expect(plan([known({ status: 'stopped' })], [seen({ status: 'stopped' })])).toEqual([]);
});

it.each<[string, Partial<Reported>, boolean, string]>([
  ['halted', { status: 'stopped' }, false, 'guest'],
  ['crashed', { status: 'crashed' }, false, 'crashed'],
  ['ended with its host', { status: 'stopped' }, true, 'host'],
  ['says itself that it halted', { status: 'stopped', reason: 'guest' }, true, 'guest'],
])('records that a guest %s', (_what, report, unseen, reason) => {
  expect(plan([known()], [seen(report)], unseen)).toEqual([{ kind: 'stopped', id: 'i1', epoch: 2, reason }]);
});

it('believes no report of another run', () => {
  expect(plan([known()], [seen({ epoch: 1, status: 'stopped' })])).toEqual([]);
  expect(plan([known()], [seen({ epoch: 3, status: 'stopped' })])).toEqual([]);
});

it('asks about what is not mentioned: unknown is never failed', () => {
  expect(plan([known()], [])).toEqual([{ kind: 'ask', id: 'i1', epoch: 2 }]);
});

it('kills what should not run, with an order that cannot hit a later run', () => {
  expect(plan([known({ status: 'stopped' })], [seen()])).toEqual([{ kind: 'kill', id: 'i1', epoch: 2 }]);
  expect(plan([known()], [seen({ epoch: 1 })])).toEqual([{ kind: 'kill', id: 'i1', epoch: 2 }]);
});

it('follows freezing from outside', () => {
  expect(plan([known()], [seen({ status: 'frozen' })])).toEqual([{ kind: 'frozen', id: 'i1', epoch: 2 }]);
  expect(plan([known({ status: 'frozen' })], [seen()])).toEqual([{ kind: 'unfrozen', id: 'i1', epoch: 2 }]);
});

it('leaves alone what an operation holds', () => {
  for (const status of ['running', 'stopped', 'starting', 'stopping'] as const)
    expect(plan([known({ status, locked: true })], [seen({ status: 'stopped' })])).toEqual([]);
});

it('names what the log does not have here', () => {
  expect(plan([], [seen()])).toEqual([{ kind: 'foreign', id: 'i1' }]);
  expect(plan([], [seen({ status: 'stopped' })])).toEqual([]);
});
