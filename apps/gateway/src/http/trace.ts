/** One server span per request (OpenTelemetry semantic conventions for HTTP), in the trace that the client began, if it did. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { markFailed, SpanKind, tracing, withSpan } from '@weft/platform';
import type { Route } from './route';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/** The client's trace; a header that is none is as good as none. */
export function traceparentOf({ traceparent }: IncomingHttpHeaders): string | undefined {
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : undefined;
}

/** Decided once: without an exporter a request goes straight to its handler. */
export function traced({ method, path }: Pick<Route, 'method' | 'path'>, handler: Handler): Handler {
  if (!tracing) return handler;
  const name = `${method} ${path}`;
  return (request, reply) => {
    const attributes = { 'http.request.method': method, 'http.route': path, 'url.path': request.url.split('?', 1)[0] };
    return withSpan(name, { traceparent: traceparentOf(request.headers) ?? null, kind: SpanKind.SERVER, attributes }, async (span) => {
      await handler(request, reply);
      span.setAttribute('http.response.status_code', reply.statusCode);
      if (reply.statusCode >= 500) markFailed(span);
      return reply;
    });
  };
}

/** The same for a websocket: the span covers the way to the open socket, not the socket's life. */
export function tracedUpgrade<T>(request: IncomingMessage, work: () => Promise<T>): Promise<T> {
  if (!tracing) return work();
  const attributes = { 'http.request.method': 'GET', 'url.path': request.url?.split('?', 1)[0] };
  return withSpan('GET websocket', { traceparent: traceparentOf(request.headers) ?? null, kind: SpanKind.SERVER, attributes }, work);
}
