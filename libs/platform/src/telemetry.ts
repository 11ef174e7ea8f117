/**
 * Traces, started as a side effect of the first import of `@weft/platform`, because instrumentation must be in place
 * before `pg` is loaded. Without the standard OTEL_* variables nothing is loaded at all: `tracing` is false, and what
 * is traced otherwise costs a branch.
 *
 *   HTTP traceparent --> gateway --meta.traceparent--> service --task.traceparent--> agent
 *                                                        +-- event meta, saga parameters: also what goes on later
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { context, INVALID_SPAN_CONTEXT, propagation, ROOT_CONTEXT, SpanStatusCode, trace, type Attributes, type Span, type SpanKind } from '@opentelemetry/api';

export { SpanKind, type Span } from '@opentelemetry/api';

/** True when spans are recorded and exported. */
export const tracing = isWanted(process.env);

/** The variables of the OpenTelemetry specification that say where traces go. */
function isWanted(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_TRACES_EXPORTER);
}

/** The exporter itself would try for longer than a service has to stop. */
const FLUSH_MS = 2_000;

let shutdown: () => Promise<void> = () => Promise.resolve();

if (tracing) {
  const { NodeSDK, core } = require('@opentelemetry/sdk-node') as typeof import('@opentelemetry/sdk-node');
  const { PgInstrumentation } = require('@opentelemetry/instrumentation-pg') as typeof import('@opentelemetry/instrumentation-pg');
  const sdk = new NodeSDK({
    serviceName: process.env.OTEL_SERVICE_NAME || process.env.WEFT_SERVICE,
    instrumentations: [new PgInstrumentation({ requireParentSpan: true })],
    // Between our processes the W3C format travels, whatever OTEL_PROPAGATORS says.
    textMapPropagator: new core.W3CTraceContextPropagator(),
    // Numbers are Prometheus's and logs go to standard output: see metrics.ts and logger.ts.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  // A collector that is away must not keep a service from stopping well.
  shutdown = () => Promise.race([sdk.shutdown().catch(() => undefined), sleep(FLUSH_MS)]);
}

/** Flushes what is still to be exported; call it last. */
export const stopTelemetry = (): Promise<void> => shutdown();

const tracer = trace.getTracer('weft');

/** The W3C `traceparent` of the current span, to be sent along; undefined outside of any trace. */
export function currentTraceparent(): string | undefined {
  if (!tracing) return undefined;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

export interface SpanOptions {
  /** Continue this trace instead of the current one; null: begin one, whatever goes on around. */
  traceparent?: string | null;
  kind?: SpanKind;
  attributes?: Attributes;
}

const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** Runs `work` in a span; an error marks the span and is thrown on. */
export async function withSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  if (!tracing) return work(NO_SPAN);
  return tracer.startActiveSpan(name, { kind: options.kind, attributes: options.attributes }, parentOf(options), async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
      throw error;
    } finally {
      span.end();
    }
  });
}

function parentOf({ traceparent }: SpanOptions) {
  if (traceparent === undefined) return context.active();
  return traceparent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent });
}

/** Says that what the span covers went wrong although nothing was thrown. */
export const markFailed = (span: Span): void => void span.setStatus({ code: SpanStatusCode.ERROR });

/** Ids of the current span for log lines. */
export function traceIds(): { trace_id?: string; span_id?: string } {
  const span = tracing ? trace.getActiveSpan()?.spanContext() : undefined;
  return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
}
