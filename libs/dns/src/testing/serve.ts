import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { DnsReport } from '../server/dns-report';
import { type DnsServerOptions, type DnsServer, startDnsServer } from '../server/dns-server';
import { MemoryZoneSource } from '../zone/memory-zone-source';
import type { TestZone } from './test-zone';

const run = promisify(execFile);

export interface ServedForTest {
  readonly server: DnsServer;
  readonly source: MemoryZoneSource;
  readonly port: number;
  readonly reports: DnsReport[];
  close(): Promise<void>;
}

/** A server on a port of its own on 127.0.0.1. */
export const serve = async (zones: readonly TestZone[], options: Partial<DnsServerOptions> = {}): Promise<ServedForTest> => {
  const source = new MemoryZoneSource();
  for (const zone of zones) source.put(zone.served());
  const reports: DnsReport[] = [];
  const server = await startDnsServer({ source, listen: [{ address: '127.0.0.1', port: 0 }], report: (report) => reports.push(report), ...options });
  return { server, source, reports, port: server.listening[0]!.port, close: () => server.close() };
};

/** What a DNS tool prints, errors included; a status other than 0 is no failure: dig has one for a refused transfer. */
export const tool = async (name: 'dig' | 'kdig', args: readonly string[]): Promise<string> => {
  const failed = (error: { stdout: string; stderr: string }): { stdout: string; stderr: string } => error;
  const { stdout, stderr } = await run(name, [...args], { maxBuffer: 2 ** 28 }).catch(failed);
  return stdout + stderr;
};
