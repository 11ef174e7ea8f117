import { withSpan } from '@weft/platform';
import type { SagaObserver } from '@weft/saga';
import type { ServiceMetrics } from '../service.metrics';

/** The request that began a saga is in its parameters, and so in its row: whoever resumes it goes on in the same trace. */
const traceparentOf = (params: { meta?: { traceparent?: string }; traceparent?: string }): string | null =>
  params.meta?.traceparent ?? params.traceparent ?? null;

export const sagaObserver = (metrics: ServiceMetrics): SagaObserver => ({
  saga: ({ id, type, params }, run) => withSpan(`saga ${type}`, { traceparent: traceparentOf(params), attributes: { 'weft.saga.id': id } }, run),
  step: ({ type }, step, direction, run) => withSpan(`${direction === 'undo' ? 'undo' : 'step'} ${step}`, { attributes: { 'weft.saga.type': type } }, run),
  ended: ({ type }, outcome) => metrics.countSaga(type, outcome),
});
