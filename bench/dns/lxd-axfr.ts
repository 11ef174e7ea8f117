/** AXFR of a zone of custom records from LXD 5.0.2, by dig in LXD's network namespace. */
import { execa } from 'execa';
import { act } from '../api/http';
import { startLxd } from '../api/lxd-peer';
import { addressOf, BENCH_ZONE } from './bench-zone';

const DNS_PORT = 15_353;

/** Milliseconds by dig's own figure, without its start. @throws Error when the transfer fails */
export const digAxfr = async (port: number, namespaceOf?: number): Promise<number> => {
  const enter = namespaceOf ? ['nsenter', `--net=/proc/${namespaceOf}/ns/net`] : ['env'];
  const [command = '', ...rest] = [...enter, 'dig', '@127.0.0.1', '-p', String(port), BENCH_ZONE, 'AXFR', '+time=20', '+tries=1', '+noanswer'];
  const { stdout } = await execa(command, rest, { reject: false });
  if (!stdout.includes('XFR size: ')) throw new Error(`the transfer failed: ${stdout}`);
  // dig counts whole milliseconds: 0 is "less than 1".
  return Math.max(1, Number(/Query time: (\d+) msec/.exec(stdout)?.[1]));
};

export interface LxdZone {
  axfr(): Promise<number>;
  stop(): Promise<void>;
}

export const startLxdZone = async (records: number): Promise<LxdZone> => {
  const lxd = await startLxd();
  try {
    await act(lxd.endpoint, 'PATCH', '/1.0', { config: { 'core.dns_address': `127.0.0.1:${DNS_PORT}` } });
    const config = { 'peers.local.address': '127.0.0.1', 'dns.nameservers': 'ns1.bench.example' };
    await act(lxd.endpoint, 'POST', '/1.0/network-zones', { name: BENCH_ZONE, config });
    for (let index = 0; index < records; index++) {
      const entries = [{ type: 'A', value: addressOf(index), ttl: 300 }];
      await act(lxd.endpoint, 'POST', `/1.0/network-zones/${BENCH_ZONE}/records`, { name: `host${index}`, entries });
    }
  } catch (error) {
    await lxd.stop();
    throw error;
  }
  return { axfr: () => digAxfr(DNS_PORT, lxd.namespaceOf), stop: () => lxd.stop() };
};
