import type { NatsConnection } from '@nats-io/transport-node';
import { newId } from '@weft/contracts';
import { startNats, type TestNats } from '@weft/testing';
import pino from 'pino';
import { connectNats, requestUntilHeard } from './index';

let broker: TestNats;
let asks: NatsConnection;
let answers: NatsConnection;
const log = pino({ level: 'silent' });

beforeAll(async () => {
  broker = await startNats();
  asks = await connectNats(broker.url, 'asks', log);
  answers = await connectNats(broker.url, 'answers', log);
});
afterAll(async () => {
  await asks?.close();
  await answers?.close();
  await broker?.stop();
});

it('asks again when the broker died with the answer', async () => {
  const subject = `weft.test.${newId()}`;
  let heard = 0;
  answers.subscribe(subject, {
    callback: (_, message) => {
      heard += 1;
      // The first answer is lost on the way: the broker dies before it is sent.
      if (heard === 1) void broker.kill9().then(() => broker.restart());
      else message.respond('done');
    },
  });
  const answer = await requestUntilHeard(asks, subject, '', { attemptMs: 600_000, deadlineMs: 600_000 });
  expect([answer.string(), heard]).toEqual(['done', 2]);
});
