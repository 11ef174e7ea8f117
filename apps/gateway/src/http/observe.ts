/** What is kept of every request: Prometheus numbers, a debug line, and a logging event while somebody listens. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { counter, durations, type Logger } from '@weft/platform';
import { loggingEvent, type EventHub } from '../clients/event.hub';
import type { Actor } from '../domain/policy';

const requests = counter({ name: 'weft_gateway_requests_total', help: 'Requests answered', labels: ['method', 'route', 'status'] });
const seconds = durations({ name: 'weft_gateway_request_seconds', help: 'Time to the answer, in seconds', labels: ['method', 'route'] });

type Sink = { inc(): void; observe(value: number): void };
/** Label look-ups are the expensive part of prom-client: done once per route and status. */
const sinks = new Map<string, Sink>();

function sinkOf(method: string, route: string, status: number): Sink {
  const key = `${method} ${route} ${status}`;
  let sink = sinks.get(key);
  if (!sink) {
    const counter = requests.labels(method, route, String(status));
    const histogram = seconds.labels(method, route);
    sink = { inc: () => counter.inc(), observe: (value) => histogram.observe(value) };
    sinks.set(key, sink);
  }
  return sink;
}

export function createObserve(hub: EventHub, logger: Logger): (request: FastifyRequest, reply: FastifyReply, actor: Actor | undefined) => void {
  const isVerbose = logger.isLevelEnabled('debug');
  return (request, reply, actor) => {
    const sink = sinkOf(request.method, request.routeOptions.url ?? '', reply.statusCode);
    sink.inc();
    sink.observe(reply.elapsedTime / 1000);
    if (!isVerbose && hub.listeners() === 0) return;
    // Without the query: it may hold the secret of a websocket.
    const url = request.url.split('?', 1)[0] ?? '';
    logger.debug({ method: request.method, url, status: reply.statusCode, username: actor?.username }, 'request answered');
    if (hub.listeners() === 0) return;
    hub.publish(
      loggingEvent(reply.statusCode >= 500 ? 'error' : 'debug', 'Handled API request', {
        method: request.method,
        url,
        status: String(reply.statusCode),
        username: actor?.username ?? '',
        protocol: actor?.protocol ?? '',
        ip: actor?.address ?? '',
      }),
    );
  };
}
