/** AXFR of a zone of custom records from LXD 5.0.2, by dig in LXD's network namespace. */
import { execa } from 'execa';
import { act } from '../api/http';
import { startLxd } from '../api/lxd-peer';
import { addressOf, BENCH_ZONE } from './bench-zone';

const DNS_PORT = 15_353;

export interface DigTransfer {
  readonly ms: number;
  /** Undefined when the transfer failed. */
  readonly records: number | undefined;
}

/** dig's own figure, without its start. */
export const digAxfr = async (port: number, namespaceOf?: number): Promise<DigTransfer> => {
  const enter = namespaceOf ? ['nsenter', `--net=/proc/${namespaceOf}/ns/net`] : ['env'];
  const [command = '', ...rest] = [...enter, 'dig', '@127.0.0.1', '-p', String(port), BENCH_ZONE, 'AXFR', '+time=20', '+tries=1', '+noanswer'];
  const { stdout } = await execa(command, rest, { reject: false });
  const records = /XFR size: (\d+) records/.exec(stdout)?.[1];
  return { ms: Number(/Query time: (\d+) msec/.exec(stdout)?.[1] ?? NaN), records: records === undefined ? undefined : Number(records) };
};

export const lxdAxfr = async (records: number, rounds: number): Promise<DigTransfer[]> => {
  const lxd = await startLxd();
  try {
    await act(lxd.endpoint, 'PATCH', '/1.0', { config: { 'core.dns_address': `127.0.0.1:${DNS_PORT}` } });
    const config = { 'peers.local.address': '127.0.0.1', 'dns.nameservers': 'ns1.bench.example' };
    await act(lxd.endpoint, 'POST', '/1.0/network-zones', { name: BENCH_ZONE, config });
    for (let index = 0; index < records; index++) {
      const entries = [{ type: 'A', value: addressOf(index), ttl: 300 }];
      await act(lxd.endpoint, 'POST', `/1.0/network-zones/${BENCH_ZONE}/records`, { name: `host${index}`, entries });
    }
    const transfers: DigTransfer[] = [];
    for (let round = 0; round < rounds; round++) transfers.push(await digAxfr(DNS_PORT, lxd.namespaceOf));
    return transfers;
  } finally {
    await lxd.stop();
  }
};
