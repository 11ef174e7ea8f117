export { currentTraceparent, markFailed, SpanKind, stopTelemetry, traceIds, tracing, withSpan, type Span, type SpanOptions } from './telemetry';
export { commonEnvironment, loadConfig } from './config';
export { createLogger, type Logger } from './logger';
export { connectNats } from './nats';
export { requestCommand, requestUntilHeard, type HearingLimits, type RequestLimits } from './command-request';
export { createPgPool } from './postgres';
export { counter, durations, lookedUp, metrics, serveMetrics } from './metrics';
export { markReady, onShutdown } from './lifecycle';
