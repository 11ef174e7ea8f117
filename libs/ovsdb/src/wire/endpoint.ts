import { OvsdbValueError } from '../errors';

/** Where a server listens, as ovsdb(7) writes it: `tcp:HOST:PORT`, `ssl:HOST:PORT` (TLS), `unix:PATH`. */
export type Endpoint =
  | { readonly kind: 'tcp' | 'ssl'; readonly host: string; readonly port: number; readonly text: string }
  | { readonly kind: 'unix'; readonly path: string; readonly text: string };

const HOST_PORT = /^(tcp|ssl):(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]]+)):(\d{1,5})$/;

/** @param list one endpoint or several with commas between; IPv6 addresses in brackets @throws OvsdbValueError */
export function parseEndpoints(list: string | readonly string[]): Endpoint[] {
  const endpoints = (typeof list === 'string' ? list.split(',') : list).map((text) => parseEndpoint(text.trim()));
  if (endpoints.length === 0) throw new OvsdbValueError('At least one endpoint is needed');
  return endpoints;
}

function parseEndpoint(text: string): Endpoint {
  if (text.startsWith('unix:') && text.length > 'unix:'.length) return { kind: 'unix', path: text.slice('unix:'.length), text };
  const [, kind, ipv6, host, port] = HOST_PORT.exec(text) ?? [];
  if (!kind || Number(port) < 1 || Number(port) > 65_535)
    throw new OvsdbValueError(`Not an endpoint: ${JSON.stringify(text)}; expected tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH`);
  return { kind: kind as 'tcp' | 'ssl', host: (ipv6 ?? host) as string, port: Number(port), text };
}
