/** The server of @weft/dns in a process of its own: `weft-primary.ts <records>`. Prints its port; ends with its standard input. */
import { serve } from '../../libs/dns/src/testing/serve';
import { TestZone } from '../../libs/dns/src/testing/test-zone';
import { BENCH_ZONE, hostLines } from './bench-zone';

const main = async (): Promise<void> => {
  const zone = new TestZone(BENCH_ZONE, ['@ 300 NS ns1.bench.example.', 'ns1 300 A 127.0.0.1', ...hostLines(Number(process.argv[2]))]);
  const served = await serve([zone], { limits: { responsesPerSecond: 0 } });
  console.log(served.port);
  process.stdin.resume().on('end', () => process.exit(0));
};

void main();
