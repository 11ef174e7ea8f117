import { natsServerProblem } from './nats-server';

it.each(['2.9.10', '2.10.0', '2.12.1-RC.1', 'v2.9.0'])('takes NATS %s with JetStream', (version) => {
  expect(natsServerProblem({ version, jetstream: true })).toBeUndefined();
});

it.each(['2.8.4', '1.4.1', '3.0.0', '', 'dev'])('refuses NATS %j', (version) => {
  expect(natsServerProblem({ version, jetstream: true })).toMatch(/is not supported: 2\.9 or a later 2\.x is needed/);
});

it('refuses a server without JetStream', () => {
  expect(natsServerProblem({ version: '2.10.0' })).toMatch(/without JetStream/);
});
