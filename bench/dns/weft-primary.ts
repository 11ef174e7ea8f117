/**
 * The server of @weft/dns in a process of its own: `weft-primary.ts <records>`. Prints its port; a line to it
 * changes a record and is answered when the new serial is served; ends with its standard input.
 */
import { createInterface } from 'node:readline';
import { serve } from '../../libs/dns/src/testing/serve';
import { TestZone } from '../../libs/dns/src/testing/test-zone';
import { BENCH_ZONE, hostLines } from './bench-zone';

const main = async (): Promise<void> => {
  const zone = new TestZone(BENCH_ZONE, ['@ 300 NS ns1.bench.example.', 'ns1 300 A 127.0.0.1', ...hostLines(Number(process.argv[2]))]);
  const served = await serve([zone], { limits: { responsesPerSecond: 0 } });
  console.log(served.port);
  let changes = 0;
  createInterface(process.stdin)
    .on('line', () => {
      zone.change({ ns1: [`300 A 192.0.2.${(changes++ % 254) + 1}`] });
      served.source.put(zone.served());
      // As the DNS service does when it sends its NOTIFY.
      void served.server.prepare(zone.current);
      console.log(zone.current.soa.serial);
    })
    .on('close', () => process.exit(0));
};

void main();
