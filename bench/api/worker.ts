/**
 * Measures one server and prints one JSON line per result: `{metric, transport, clients, value, unit}`. Runs in the
 * network namespace of that server. Rates and latencies are medians of ROUNDS rounds.
 */
import autocannon from 'autocannon';
import { act, call, listen, tlsOptions, type Endpoint, type Transport } from './http';

const endpoint = JSON.parse(process.env.BENCH_ENDPOINT ?? '{}') as Endpoint;
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const seconds = Number(process.env.BENCH_SECONDS ?? 2);
/** Those to measure; all when none is named. `large` goes on with the instances of `small`. */
const parts = process.argv.slice(2);
const transports: Transport[] = ['unix', 'https'];

/** What each server does before anything counts: programs that are compiled as they run get to their pace, caches are filled. */
const WARM_UP = { updates: 1_500, instances: 100 };
/** Number of the first instance that is only made for that. */
const WARM_AT = 90_000;

const sorted = (values: number[]): number[] => [...values].sort((a, b) => a - b);
const percentile = (values: number[], p: number): number => sorted(values)[Math.min(values.length - 1, Math.floor(values.length * p))] ?? NaN;
const median = (values: number[]): number => percentile(values, 0.5);

function report(metric: string, transport: Transport, clients: number, value: number, unit: string): void {
  process.stdout.write(`${JSON.stringify({ metric, transport, clients, value, unit })}\n`);
}

const name = (index: number): string => `e${String(index).padStart(5, '0')}`;

/** Runs `work` for 0..count-1 by `clients` workers; the rate per second. */
async function rate(count: number, clients: number, work: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let index = next++; index < count; index = next++) await work(index);
    }),
  );
  return (count * 1000) / (performance.now() - start);
}

async function timed(path: string, transport: Transport): Promise<number> {
  const start = performance.now();
  await call(endpoint, 'GET', path, undefined, transport);
  return performance.now() - start;
}

/**
 * Requests per second of a GET under `clients` keep-alive connections. Where one request each already fills the time of
 * a round, one request each is what is measured, once.
 */
async function load(metric: string, path: string): Promise<void> {
  for (const transport of transports) {
    const oneMs = Math.min(await timed(path, transport), await timed(path, transport));
    for (const clients of [1, 16, 64]) {
      const slow = oneMs * clients > seconds * 1000;
      const perSecond: number[] = [];
      for (let round = 0; round < (slow ? 1 : rounds); round++) {
        const result = await autocannon({
          url: transport === 'unix' ? `http://localhost${path}` : `https://127.0.0.1:${endpoint.httpsPort}${path}`,
          ...(transport === 'unix' ? { socketPath: endpoint.socketPath } : { tlsOptions: tlsOptions(endpoint) }),
          connections: clients,
          ...(slow ? { amount: clients } : { duration: seconds }),
          timeout: 600,
        });
        if (result.non2xx + result.errors > 0) throw new Error(`${path}: ${result.non2xx} bad replies, ${result.errors} errors`);
        perSecond.push(result.requests.total / result.duration);
      }
      report(metric, transport, clients, median(perSecond), 'req/s');
    }
  }
}

/** Wall time of one GET at a time: what a person who lists waits for. */
async function latency(metric: string, path: string): Promise<void> {
  for (const transport of transports) {
    const times: number[] = [];
    await call(endpoint, 'GET', path, undefined, transport);
    for (let i = 0; i < 5 + 2 * rounds; i++) {
      times.push(await timed(path, transport));
    }
    report(metric, transport, 1, median(times), 'ms');
  }
}

const create = (index: number): Promise<unknown> =>
  act(endpoint, 'POST', '/1.0/instances', {
    name: name(index),
    source: { type: 'none' },
    config: { 'user.idx': String(index), 'user.owner': 'bench' },
    description: `bench instance ${index}`,
  });

/** Creates empty instances until there are `count`; the rate is that of the stretch. */
async function fill(from: number, count: number): Promise<void> {
  const value = await rate(count - from, 8, (index) => create(from + index));
  report(`create empty instance (to ${count})`, 'unix', 8, value, 'op/s');
}

async function profiles(): Promise<void> {
  for (let index = 0; index < 16; index++) await act(endpoint, 'POST', '/1.0/profiles', { name: `bp${index}`, config: { 'user.a': '0' } });
  const update = (index: number, value: string, transport: Transport) =>
    act(endpoint, 'PATCH', `/1.0/profiles/bp${index % 16}`, { config: { 'user.a': value } }, transport);
  await rate(WARM_UP.updates, 16, (index) => update(index, `warm-${index}`, 'unix'));
  for (const transport of transports) {
    for (const clients of [1, 16]) {
      const values: number[] = [];
      for (let round = 0; round < rounds; round++) {
        values.push(await rate(clients === 1 ? 200 : 480, clients, (index) => update(index, `${round}-${index}-${transport}${clients}`, transport)));
      }
      report('profile update', transport, clients, median(values), 'op/s');
    }
  }
  for (let index = 0; index < 16; index++) await act(endpoint, 'DELETE', `/1.0/profiles/bp${index}`);
}

/** From sending the request to the arrival of its lifecycle event. */
async function events(): Promise<void> {
  await act(endpoint, 'POST', '/1.0/profiles', { name: 'ev', config: {} });
  for (const transport of transports) {
    let arrived: ((atMs: number) => void) | undefined;
    const socket = await listen(endpoint, transport, (event, at) => {
      if (event.metadata.action === 'profile-updated') arrived?.(at);
    });
    const times: number[] = [];
    for (let index = 0; index < 300; index++) {
      const seen = new Promise<number>((resolve) => (arrived = resolve));
      const start = performance.now();
      await act(endpoint, 'PATCH', '/1.0/profiles/ev', { config: { 'user.n': `${transport}${index}` } }, transport);
      times.push((await seen) - start);
    }
    socket.close();
    report('event latency p50', transport, 1, median(times), 'ms');
    report('event latency p99', transport, 1, percentile(times, 0.99), 'ms');
  }
  await act(endpoint, 'DELETE', '/1.0/profiles/ev');
}

const PARTS: Record<string, () => Promise<void>> = {
  server: () => load('GET /1.0', '/1.0'),
  profiles,
  events,
  small: async () => {
    await rate(WARM_UP.instances, 8, (index) => create(WARM_AT + index));
    await rate(WARM_UP.instances, 8, (index) => act(endpoint, 'DELETE', `/1.0/instances/${name(WARM_AT + index)}`));
    await fill(0, 100);
    for (const recursion of [1, 2]) await list(100, recursion);
  },
  large: async () => {
    await fill(100, 1000);
    await load('GET one instance of 1,000', `/1.0/instances/${name(42)}`);
    for (const recursion of [1, 2]) await list(1000, recursion);
  },
};

async function list(count: number, recursion: number): Promise<void> {
  const metric = `list ${count.toLocaleString('en')}, recursion ${recursion}`;
  await latency(metric, `/1.0/instances?recursion=${recursion}`);
  await load(metric, `/1.0/instances?recursion=${recursion}`);
}

async function main(): Promise<void> {
  for (const [part, run] of Object.entries(PARTS)) if (parts.length === 0 || parts.includes(part)) await run();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
