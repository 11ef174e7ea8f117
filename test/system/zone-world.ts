/** What the suites of zones share: the stock client, dig, and the content that the log gives. */
import { request } from 'node:http';
import { join } from 'node:path';
import { execa } from 'execa';
import type { ZoneResourceRecord } from '@weft/contracts';
import type { Platform } from './platform';

export interface Content {
  serial: number;
  /** RFC 3339. */
  at: string;
  records: ZoneResourceRecord[];
}

/** @param of the platform, once it has started @param port where dns-svc serves */
export function zoneWorld(of: () => Platform, port: () => number) {
  const dig = async (...args: string[]): Promise<string> =>
    (await execa('dig', ['@127.0.0.1', '-p', String(port()), '+time=5', ...args], { reject: false })).stdout;
  const short = async (...args: string[]): Promise<string[]> => (await dig('+short', ...args)).split('\n').filter(Boolean).sort();
  return {
    zone: (...args: string[]) => of().ok(['network', 'zone', ...args]),
    refused: (...args: string[]) => of().refused(['network', 'zone', ...args]),
    dig,
    /** Sorted lines. */
    short,
    serial: async (name: string): Promise<number> => Number((await short(name, 'SOA'))[0]?.split(' ')[2]),
    /** @param point `?serial=` or `?at=` */
    content: (name: string, point = '') => of().query<Content>(`/1.0/network-zones/${name}/content${point}`),
    /** Status code of a call over the socket that the stock client uses. */
    api: (method: string, path: string, body?: object): Promise<number> =>
      new Promise((resolve, reject) => {
        const call = request({ socketPath: join(of().dir, 'unix.socket'), method, path, headers: { 'content-type': 'application/json' } }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        });
        call.on('error', reject).end(body ? JSON.stringify(body) : undefined);
      }),
  };
}

/** As `dig` writes them. */
export const lines = ({ records }: Content): string[] => records.map(({ name, ttl, type, value }) => `${name.toLowerCase()} ${ttl} ${type} ${value}`).sort();
export const withoutSoa = (records: readonly string[]): string[] => records.filter((line) => !/ SOA /.test(line));
/** Whole names, in the order of labels that reverse zones have: `10.1.2.1/24` -> `2.1.10.in-addr.arpa` */
export const reverseZone = (cidr: string): string => `${cidr.split('.').slice(0, 3).reverse().join('.')}.in-addr.arpa`;
