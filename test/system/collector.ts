/** An OpenTelemetry collector in the test: keeps the spans that services export as OTLP over HTTP with JSON. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

interface KeyValue {
  key: string;
  value: { stringValue?: string; intValue?: string | number };
}

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding, as far as it matters here. */
interface ExportRequest {
  resourceSpans: {
    resource: { attributes: KeyValue[] };
    scopeSpans: { scope: { name: string }; spans: { traceId: string; spanId: string; parentSpanId?: string; name: string; attributes: KeyValue[] }[] }[];
  }[];
}

export interface CollectedSpan {
  traceId: string;
  spanId: string;
  /** "" for the first of a trace. */
  parentSpanId: string;
  name: string;
  attributes: Record<string, string>;
  /** `service.name` and `process.pid` of who exported it. */
  service: string;
  pid: string;
  /** Whose code made it: ours, or an instrumentation's. */
  scope: string;
}

export interface Collector {
  url: string;
  spans: CollectedSpan[];
  /** Paths that were posted to. */
  paths: Set<string>;
  close(): Promise<void>;
}

const plain = (attributes: readonly KeyValue[]): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, String(value.stringValue ?? value.intValue ?? '')]));

function spansOf({ resourceSpans }: ExportRequest): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const { 'service.name': service = '', 'process.pid': pid = '' } = plain(resource.attributes);
    return scopeSpans.flatMap(({ scope, spans }) =>
      spans.map(({ traceId, spanId, parentSpanId = '', name, attributes }) => ({
        ...{ traceId, spanId, parentSpanId, name, service, pid },
        attributes: plain(attributes),
        scope: scope.name,
      })),
    );
  });
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const paths = new Set<string>();
  const server = createServer((request, response) => {
    paths.add(request.url ?? '');
    void json(request).then((body) => {
      if (request.url === '/v1/traces') spans.push(...spansOf(body as ExportRequest));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    paths,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
