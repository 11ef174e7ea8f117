import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeOvsdbClient } from '../testing/ovsdb-client.contract';
import { freePort, run, TestServer } from '../testing/ovsdb-server';

const NORTHBOUND = 'ovn-nb.ovsschema';

describeOvsdbClient('a unix socket', async () => {
  const server = await TestServer.create(NORTHBOUND);
  return { server, connect: { endpoints: server.endpoint } };
});

describeOvsdbClient('TCP', async () => {
  const port = await freePort();
  return { server: await TestServer.create(NORTHBOUND, [`--remote=ptcp:${port}:127.0.0.1`]), connect: { endpoints: `tcp:127.0.0.1:${port}` } };
});

describe('with certificates', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weft-ovsdb-tls-'));
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=ovsdb',
      '-keyout',
      key,
      '-out',
      cert,
    ]);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  describeOvsdbClient('TLS', async () => {
    const port = await freePort();
    const [keyFile, certFile] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    const [key, cert] = [await readFile(keyFile), await readFile(certFile)];
    const options = [`--private-key=${keyFile}`, `--certificate=${certFile}`, `--ca-cert=${certFile}`, `--remote=pssl:${port}:127.0.0.1`];
    return { server: await TestServer.create(NORTHBOUND, options), connect: { endpoints: `ssl:127.0.0.1:${port}`, tls: { key, cert, ca: cert } } };
  });
});
