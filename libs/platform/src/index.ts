export { currentTraceparent, markFailed, SpanKind, stopTelemetry, traceIds, tracing, withSpan, type Span, type SpanOptions } from './telemetry';
export { commonEnvironment, loadConfig } from './config';
export { createLogger, type Logger } from './logger';
export { connectNats } from './nats';
export { createPgPool } from './postgres';
export { counter, durations, lookedUp, metrics, serveMetrics } from './metrics';
export { markReady, onShutdown } from './lifecycle';
