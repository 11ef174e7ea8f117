import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One registry per process; services register their own counters and histograms in it. */
export const metrics = new Registry();

/** Upper bounds in seconds, from what memory answers to what waits for hosts. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];

interface Named<L extends string> {
  /** `weft_<service>_<what>_<unit or total>` */
  name: string;
  help: string;
  /** Few values each: a noun, a route pattern, an outcome. Never a name that a user chose. */
  labels?: readonly L[];
}

/** A number that only grows. */
export const counter = <L extends string = never>({ name, help, labels = [] }: Named<L>): Counter<L> =>
  new Counter({ name, help, labelNames: [...labels], registers: [metrics] });

/** How long something takes, in seconds. */
export const durations = <L extends string = never>({ name, help, labels = [] }: Named<L>): Histogram<L> =>
  new Histogram({ name, help, labelNames: [...labels], buckets: SECONDS, registers: [metrics] });

/** A number that is looked up when somebody asks; a failing look-up fails the scrape. Of two with one name the newer counts. */
export function lookedUp<L extends string = never>({ name, help, labels = [] }: Named<L>, look: (gauge: Gauge<L>) => void | Promise<void>): void {
  metrics.removeSingleMetric(name);
  const gauge: Gauge<L> = new Gauge<L>({ name, help, labelNames: [...labels], registers: [metrics], collect: () => look(gauge) });
}

/** Serves `/metrics` (Prometheus text format) and `/healthz` on `host:port`; undefined when no address is given. */
export async function serveMetrics(address: string | undefined, healthy: () => boolean = () => true): Promise<Server | undefined> {
  if (!address) return undefined;
  collectDefaultMetrics({ register: metrics });
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      metrics.metrics().then(
        (text) => response.setHeader('content-type', metrics.contentType).end(text),
        // A gauge that is read on demand may fail; no scrape may end the process.
        (error: unknown) => response.writeHead(500).end(`${String(error)}\n`),
      );
    } else if (request.url === '/healthz') {
      response.writeHead(healthy() ? 200 : 503).end();
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(Number(address.slice(at + 1)), host, resolve));
  server.unref();
  return server;
}
