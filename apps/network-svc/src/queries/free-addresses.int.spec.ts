import { startPostgres, type TestPostgres } from '@weft/testing';
import { parseRange } from '../domain/ip-address';
import { startNetworkService, type NetworkService } from '../testing/network-service';
import type { Queryable } from './database';
import { findFree, givenBack, ON_NETWORK } from './free-addresses';

let postgres: TestPostgres;
let service: NetworkService;
let questions = 0;
const counting: Queryable = {
  query: (...args: Parameters<Queryable['query']>) => {
    questions += 1;
    return service.pool.query(...(args as [string])) as never;
  },
};
beforeAll(async () => {
  postgres = await startPostgres();
  service = await startNetworkService(postgres.url);
}, 60_000);
afterAll(async () => {
  await service.close();
  await postgres.stop();
});
beforeEach(() => {
  questions = 0;
});

const ranges = (...texts: string[]) => texts.map((text) => parseRange(text)!);
const free = (network: string, texts: string[], except: string[] = [], count = 1) =>
  findFree(counting, ON_NETWORK, network, ranges(...texts), { except, count });
const take = (network: string, first: string, count: number) =>
  service.pool.query(
    `INSERT INTO port_address (network_id, address, port_id, family, place) SELECT $1, host($2::inet + n), $1 || n, 4, 0 FROM generate_series(0, $3::int - 1) AS n`,
    [network, first, count],
  );
const release = async (network: string, address: string) => {
  await service.pool.query('DELETE FROM port_address WHERE network_id = $1 AND address = $2', [network, address]);
  givenBack(network, [address]);
};

it('are the lowest ones, range by range, without those that are never given away', async () => {
  await take('few', '10.0.0.2', 2);
  expect(await free('few', ['10.0.0.1-10.0.0.254'], ['10.0.0.1'])).toEqual(['10.0.0.4']);
  expect(await free('few', ['10.0.0.2-10.0.0.4', '10.0.1.8-10.0.1.9'], [], 3)).toEqual(['10.0.0.4', '10.0.1.8', '10.0.1.9']);
  expect(await free('few', ['fd42::2-fd42::9'], ['fd42::2'])).toEqual(['fd42::3']);
});

it('are none when the ranges are full, and those that were given back', async () => {
  await take('full', '10.0.0.1', 4);
  expect(await free('full', ['10.0.0.1-10.0.0.4'])).toEqual([]);
  await release('full', '10.0.0.3');
  expect(await free('full', ['10.0.0.1-10.0.0.4'])).toEqual(['10.0.0.3']);
  await service.pool.query('DELETE FROM port_address WHERE address = $1', ['10.0.0.2']);
  await take('full', '10.0.0.3', 1);
  // Nobody has told of it: another replica has taken it away.
  expect(await free('full', ['10.0.0.1-10.0.0.4'])).toEqual(['10.0.0.2']);
});

it('are found by one look at a few, however many are taken', async () => {
  await take('many', '10.8.0.2', 10_000);
  const next = () => free('many', ['10.8.0.0-10.8.255.255'], ['10.8.0.0', '10.8.0.1']);
  expect(await next()).toEqual(['10.8.39.18']);
  questions = 0;
  await take('many', '10.8.39.18', 1);
  expect([await next(), questions]).toEqual([['10.8.39.19'], 1]);
  await release('many', '10.8.0.77');
  expect([await next(), questions]).toEqual([['10.8.0.77'], 2]);
  const { rows } = await service.pool.query<{ 'QUERY PLAN': { Plan: object }[] }>({
    text: `EXPLAIN (ANALYZE, FORMAT JSON) SELECT host(c.address) FROM (SELECT '10.8.39.19'::inet + generate_series(0, 63) AS address) c
             LEFT JOIN LATERAL (SELECT true AS taken FROM port_address t WHERE t.network_id = 'many' AND t.address = host(c.address) LIMIT 1) t ON true
            WHERE t.taken IS NULL LIMIT 1`,
  });
  expect(JSON.stringify(rows[0])).not.toContain('Seq Scan');
});
