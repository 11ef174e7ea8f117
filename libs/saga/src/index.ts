export * from './types';
export { createSagaRunner, defineSaga, type SagaRunner, type SagaRunnerOptions } from './runner';
export { LeaseLost, pruneSagas, type StuckSaga } from './saga-table';
export { RunnerStopped, stepCommandId } from './run-saga';
export { sagaMigrations } from './saga.migration';
