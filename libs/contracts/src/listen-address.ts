import type { ValueCheck } from './config-values';

/** `host` "" means every address of the machine. */
export interface ListenAddress {
  host: string;
  port: number;
}

/**
 * `127.0.0.1:5353`, `[::1]:53`, `:53`, and any of them without a port, as LXD's `core.*_address` keys take them.
 * Undefined for what is none.
 */
export function parseListenAddress(text: string, defaultPort: number): ListenAddress | undefined {
  const bracketed = /^\[([0-9a-fA-F:.]*)\](?::(\d{1,5}))?$/.exec(text);
  const [, host, port] =
    bracketed ?? (/^[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/.test(text) ? ['', text] : (/^([^\s:[\]]*)(?::(\d{1,5}))?$/.exec(text) ?? []));
  if (host === undefined) return undefined;
  const number = port === undefined ? defaultPort : Number(port);
  return number > 0 && number < 65_536 ? { host, port: number } : undefined;
}

export const listenAddress =
  (defaultPort: number): ValueCheck =>
  (value) =>
    parseListenAddress(value, defaultPort) ? undefined : `Invalid address "${value}": use host:port, such as 127.0.0.1:${defaultPort}`;
