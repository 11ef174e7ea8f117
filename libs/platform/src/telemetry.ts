/**
 * Traces, started as a side effect of the first import of `@weft/platform`, because instrumentation must be in place
 * before `pg` is loaded. Without the standard OTEL_* variables nothing is loaded at all: the OpenTelemetry API is a
 * no-op then and costs neither start-up time nor memory.
 */
import { context, propagation, SpanStatusCode, trace, type Attributes, type Span, type SpanKind } from '@opentelemetry/api';

const wanted = Boolean(process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) && process.env.OTEL_SDK_DISABLED !== 'true';

let shutdown: () => Promise<void> = () => Promise.resolve();

if (wanted) {
  const { NodeSDK } = require('@opentelemetry/sdk-node') as typeof import('@opentelemetry/sdk-node');
  const { PgInstrumentation } = require('@opentelemetry/instrumentation-pg') as typeof import('@opentelemetry/instrumentation-pg');
  const sdk = new NodeSDK({ serviceName: process.env.OTEL_SERVICE_NAME ?? process.env.WEFT_SERVICE, instrumentations: [new PgInstrumentation({ requireParentSpan: true })] });
  sdk.start();
  shutdown = () => sdk.shutdown();
}

/** Flushes what is still to be exported; call it last. */
export const stopTelemetry = (): Promise<void> => shutdown();

const tracer = trace.getTracer('weft');

/** The W3C `traceparent` of the current span, to be sent along; undefined outside of any trace. */
export function currentTraceparent(): string | undefined {
  if (!wanted) return undefined;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

export interface SpanOptions {
  /** Continue this trace instead of the current one. */
  traceparent?: string;
  kind?: SpanKind;
  attributes?: Attributes;
}

/** Runs `work` in a span; an error marks the span and is thrown on. */
export async function withSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const parent = options.traceparent ? propagation.extract(context.active(), { traceparent: options.traceparent }) : context.active();
  return tracer.startActiveSpan(name, { kind: options.kind, attributes: options.attributes }, parent, async (span) => {
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

/** Ids of the current span for log lines. */
export function traceIds(): { trace_id?: string; span_id?: string } {
  const span = wanted ? trace.getActiveSpan()?.spanContext() : undefined;
  return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
}
