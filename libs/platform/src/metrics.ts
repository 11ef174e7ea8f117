import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** One registry per process; services register their own counters and histograms in it. */
export const metrics = new Registry();

/** Serves `/metrics` (Prometheus text format) and `/healthz` on `host:port`; undefined when no address is given. */
export async function serveMetrics(address: string | undefined, healthy: () => boolean = () => true): Promise<Server | undefined> {
  if (!address) return undefined;
  collectDefaultMetrics({ register: metrics });
  const at = address.lastIndexOf(':');
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      void metrics.metrics().then((text) => response.setHeader('content-type', metrics.contentType).end(text));
    } else if (request.url === '/healthz') {
      response.writeHead(healthy() ? 200 : 503).end();
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(Number(address.slice(at + 1)), address.slice(0, at), resolve));
  server.unref();
  return server;
}
