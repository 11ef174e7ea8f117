export { currentTraceparent, stopTelemetry, traceIds, withSpan, type SpanOptions } from './telemetry';
export { commonEnvironment, loadConfig } from './config';
export { createLogger, type Logger } from './logger';
export { connectNats } from './nats';
export { createPgPool } from './postgres';
export { metrics, serveMetrics } from './metrics';
export { markReady, onShutdown } from './lifecycle';
