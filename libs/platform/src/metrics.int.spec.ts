import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { counter, lookedUp, serveMetrics } from './metrics';

let server: Server | undefined;
beforeAll(async () => {
  server = await serveMetrics('[::1]:0', () => false);
});
afterAll(() => server?.close());

const get = (path: string) => fetch(`http://[::1]:${(server?.address() as AddressInfo).port}${path}`);

test('numbers are served beside those of the process', async () => {
  counter({ name: 'weft_test_total', help: 'Tests', labels: ['kind'] }).inc({ kind: 'int' });
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toContain('text/plain');
  const text = await response.text();
  expect(text).toMatch(/^weft_test_total\{kind="int"\} 1$/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d/m);
});

test('a look-up that fails costs one scrape and nothing more', async () => {
  lookedUp({ name: 'weft_test_lag', help: 'Lag' }, () => Promise.reject(new Error('no database')));
  expect((await get('/metrics')).status).toBe(500);
  lookedUp({ name: 'weft_test_lag', help: 'Lag' }, (gauge) => gauge.set(3));
  expect(await (await get('/metrics')).text()).toMatch(/^weft_test_lag 3$/m);
});

test('health and everything else', async () => {
  expect((await get('/healthz')).status).toBe(503);
  expect((await get('/')).status).toBe(404);
  expect(await serveMetrics(undefined)).toBeUndefined();
});
