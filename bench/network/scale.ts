/**
 * `npm run bench:network-scale`: what one change costs when there are 10, 100, 1,000 and 10,000 ports (a tenth as many networks, a
 * twentieth as many peers) on simulated hosts. The network service runs whole, on real Postgres, NATS and OVN databases.
 *
 * ovn-northd 23.03 computes everything anew for each change, so its own time grows with what there is, whoever makes the
 * change. It is measured by itself: `ours` is with a stand-in that says "done" at once, `with northd` with the real one.
 */
import { northdStandIn } from '@weft/ovn/testing/northd-stand-in';
import { RunningService } from '../../apps/network-svc/src/testing/running-service';
import { median } from '../event-store/figures';
import { runBench } from '../run-bench';
import { Populace, type Change, CHANGES } from './populace';

const SIZES = (process.env.BENCH_SIZES ?? '10,100,1000,10000').split(',').map(Number);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15);
const NORTHD_ROUNDS = 3;
/** Above so many ports the real ovn-northd is left out: it computes for longer than commands wait. */
const NORTHD_PORTS = Number(process.env.BENCH_NORTHD_PORTS ?? 100);

const timed = async (change: Change, populace: Populace, rounds: number, first: number): Promise<number> => {
  const ms: number[] = [];
  for (let round = first; round < first + rounds; round++) {
    await change.before?.(populace, round);
    const since = performance.now();
    await change.run(populace, round);
    ms.push(performance.now() - since);
    await change.after?.(populace, round);
  }
  return median(ms);
};

const main = async (): Promise<void> => {
  const service = await RunningService.start();
  const populace = new Populace(service);
  const table = new Map<string, number[]>();
  const note = (name: string, value: number): void => {
    table.set(name, [...(table.get(name) ?? []), value]);
    console.log(`  ${name}: ${value.toFixed(1)} ms`);
  };
  try {
    await service.central.killNorthd();
    for (const size of SIZES) {
      const end = await northdStandIn(service.central.northbound.endpoint);
      const since = performance.now();
      await populace.growTo(size);
      console.log(`${size} ports, ${populace.networks} networks, ${populace.peers} peers after ${((performance.now() - since) / 1_000).toFixed(0)} s`);
      for (const change of CHANGES) note(`${change.name}, ours`, await timed(change, populace, ROUNDS, 0));
      await end();
      if (size > NORTHD_PORTS) continue;
      await service.central.startNorthd();
      await populace.settled();
      for (const change of CHANGES) note(`${change.name}, with northd`, await timed(change, populace, NORTHD_ROUNDS, ROUNDS));
      await service.central.killNorthd();
    }
    console.log(`\nmedian ms of one change at so many ports\n${''.padEnd(46)}${SIZES.map((size) => String(size).padStart(9)).join('')}`);
    for (const [name, values] of table) console.log(name.padEnd(46) + values.map((value) => value.toFixed(1).padStart(9)).join(''));
  } finally {
    await service.stop();
  }
};

runBench(main);
