import { createServer, type AddressInfo, type Server } from 'node:net';
import { freePort } from '@weft/embedded';
import { startNats } from '@weft/testing';
import { requireNatsServer } from './nats-server';

describe('a NATS server that somebody else runs', () => {
  const servers: Server[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));

  async function greetingWith(text: string): Promise<string> {
    const server = createServer((socket) => socket.on('error', () => undefined).write(text));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `nats://user:password@127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const info = (fields: object): string => `INFO ${JSON.stringify(fields)} \r\n`;

  it('is taken as it comes from the package, also when it is the second of a list', async () => {
    const nats = await startNats();
    try {
      await requireNatsServer(nats.url);
      await requireNatsServer(`nats://127.0.0.1:${await freePort()},${nats.url}`);
    } finally {
      await nats.stop();
    }
  });

  it.each([
    [
      'too old',
      info({ version: '2.8.4', jetstream: true }),
      /NATS server 2\.8\.4 is not supported: 2\.9 or a later 2\.x is needed \(127\.0\.0\.1:\d+, from WEFT_NATS_URL\)/,
    ],
    ['without JetStream', info({ version: '2.10.1' }), /without JetStream/],
    ['no NATS server', 'HTTP/1.1 400 Bad Request\r\n\r\n', /no NATS server answers at 127\.0\.0\.1:\d+/],
  ])('is refused when it is %s', async (_what, greeting, message) => {
    await expect(requireNatsServer(await greetingWith(greeting))).rejects.toThrow(message);
  });

  it('is missed when nobody listens, without its password in the message', async () => {
    const attempt = requireNatsServer(`nats://user:geheim@127.0.0.1:${await freePort()}`);
    await expect(attempt).rejects.toThrow(/no NATS server answers/);
    await expect(attempt).rejects.not.toThrow(/geheim/);
  });
});
