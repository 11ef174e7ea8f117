/**
 * Whatever users and the instance service do, in whatever order and at the same time: the northbound database holds what it would
 * hold if the end had been built from nothing, and nobody ever took a change on its way for drift.
 */
import { type DesiredState, Northbound } from '@weft/ovn';
import { northdStandIn } from '@weft/ovn/testing/northd-stand-in';
import { aState } from '@weft/ovn/testing/desired-state';
import { dumpNorthbound } from '@weft/ovn/testing/northbound-dump';
import { OvnNorthbound, OvsdbClient } from '@weft/ovsdb';
import { TestServer } from '@weft/ovsdb/testing/ovsdb-server';
import fc from 'fast-check';
import { readDesiredRows } from '../queries/desired-rows';
import { type AnyCommand, anySequence, createAll, deleteAll } from '../testing/any-command';
import { RunningService } from '../testing/running-service';
import { desiredState } from './desired-state';

const RUNS = 25;
const ONLY_NORTHBOUND = { until: 'northbound' } as const;

let service: RunningService;
let endStandIn: () => Promise<void>;
let empty: TestServer;
let builder: Northbound;
const clients: OvsdbClient<OvnNorthbound.OvnNorthboundTables>[] = [];

const clientOf = (endpoints: string) => {
  const client = new OvsdbClient(OvnNorthbound.OVN_NORTHBOUND, { endpoints });
  clients.push(client);
  return client;
};

beforeAll(async () => {
  service = await RunningService.start();
  await service.central.killNorthd();
  endStandIn = await northdStandIn(service.central.northbound.endpoint);
  await service.send('network.delete', { name: 'default' });
  empty = await TestServer.create('ovn-nb.ovsschema');
  builder = await Northbound.connect({ northbound: { endpoints: empty.endpoint } });
}, 120_000);
afterAll(async () => {
  await builder.close();
  await endStandIn();
  await Promise.all(clients.map((client) => client.close()));
  await empty.stop();
  await service.stop();
}, 60_000);

/** Refused in words: anything else is a defect. */
const attempt = (command: AnyCommand): Promise<unknown> =>
  command.send(service).catch((error: { code?: string }) => {
    if (error.code === undefined || error.code === 'internal' || error.code === 'network.unavailable') throw error as Error;
  });

const fromNothing = async (state: DesiredState): Promise<void> => {
  await builder.apply({ state: aState(), scope: 'everything' }, ONLY_NORTHBOUND);
  await builder.apply({ state, scope: 'everything' }, ONLY_NORTHBOUND);
};

it('any sequence of commands gives the database that building the end from nothing gives', async () => {
  const [present, built] = [clientOf(service.central.northbound.endpoint), clientOf(empty.endpoint)];
  let largest = 0;
  const property = fc.asyncProperty(anySequence, async (steps) => {
    await createAll(service);
    for (const step of steps) await Promise.all(step.map(attempt));
    await fromNothing(desiredState(await readDesiredRows(service.running.deps.pool, 'everything'), []));
    const rows = await dumpNorthbound(present);
    expect(rows).toEqual(await dumpNorthbound(built));
    largest = Math.max(largest, rows.length);
    expect(await service.events('NetworkDriftFound')).toEqual([]);
  });
  await fc.assert(
    property.afterEach(() => deleteAll(service)),
    { numRuns: RUNS, endOnFailure: true, verbose: 1 },
  );
  expect(await dumpNorthbound(present)).toEqual([]);
  // Not all of them end with nothing.
  expect(largest).toBeGreaterThan(70);
}, 300_000);
