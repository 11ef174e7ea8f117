import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { agentSubject, heartbeatSubject, TASKS_STREAM, tasksStreamConfig, taskSubject } from '@weft/contracts';
import { eventually, startNats, type TestNats } from '@weft/testing';
import { agentUser, dnsServiceUser, gatewayUser, inboxPrefix, instanceServiceUser, networkServiceUser } from './nats-users';

describe('NATS users', () => {
  let nats: TestNats;
  const open: NatsConnection[] = [];
  const as = async (user: string): Promise<NatsConnection> => {
    const connection = await connect({ servers: nats.url, user, pass: 'x', inboxPrefix: inboxPrefix(user) });
    open.push(connection);
    return connection;
  };
  /** What the server refuses comes as a status of the connection, not as an answer to a publish. */
  const refusals = (connection: NatsConnection): string[] => {
    const seen: string[] = [];
    void (async () => {
      for await (const status of connection.status()) if (status.type === 'error') seen.push(status.error.message);
    })();
    return seen;
  };

  beforeAll(async () => {
    nats = await startNats({
      users: [
        instanceServiceUser('svc', 'x'),
        networkServiceUser('net', 'x'),
        dnsServiceUser('dns', 'x'),
        gatewayUser('gw', 'x'),
        agentUser('agent1', 'x', 'host1'),
        agentUser('agent2', 'x', 'host2'),
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(open.map((connection) => connection.close()));
    await nats.stop();
  });

  it('lets a task travel from the instance service to its agent, and a request from the gateway', async () => {
    const [service, gateway, agent] = [await as('svc'), await as('gw'), await as('agent1')];
    await (await jetstreamManager(service)).streams.add(tasksStreamConfig);
    const manager = await jetstreamManager(agent);
    await manager.consumers.add(TASKS_STREAM, { durable_name: 'agent-host1', filter_subject: taskSubject('host1'), ack_policy: 'explicit' });
    await jetstream(service).publish(taskSubject('host1'), 'work');
    const task = await (await jetstream(agent).consumers.get(TASKS_STREAM, 'agent-host1')).next({ expires: 5000 });
    expect(task?.string()).toBe('work');
    await task?.ackAck();
    agent.subscribe(agentSubject('host1', '>'), { callback: (_, message) => void message.respond('yes') });
    await agent.flush();
    expect((await gateway.request(agentSubject('host1', 'resources'), '')).string()).toBe('yes');
  });

  it('keeps an agent from another host, from commands and from the replies of others', async () => {
    const agent = await as('agent1');
    const seen = refusals(agent);
    const publications = [
      heartbeatSubject('host2'),
      taskSubject('host1'),
      'weft.cmd.instance.instance.delete',
      'weft.event.instance.default.instance.x',
      `$JS.API.STREAM.DELETE.${TASKS_STREAM}`,
    ];
    const subscriptions = [taskSubject('host2'), agentSubject('host2', '>'), 'weft.event.>', '_INBOX.svc.>', '_INBOX.>', '>'];
    for (const subject of publications) agent.publish(subject, '{}');
    for (const subject of subscriptions) agent.subscribe(subject, { callback: () => undefined });
    await eventually(() => [...publications, ...subscriptions].every((subject) => seen.some((text) => text.includes(`"${subject}"`))), {
      what: 'a refusal for each subject',
    });
  });

  it('lets services answer each other, and keeps each from what only others may do', async () => {
    const [service, network, dns] = [await as('svc'), await as('net'), await as('dns')];
    network.subscribe('weft.cmd.network.port.check', { callback: (_, message) => void message.respond('fine') });
    dns.subscribe('weft.cmd.dns.zone.check', { callback: (_, message) => void message.respond('known') });
    await Promise.all([network.flush(), dns.flush()]);
    expect((await service.request('weft.cmd.network.port.check', '')).string()).toBe('fine');
    expect((await network.request('weft.cmd.dns.zone.check', '')).string()).toBe('known');
    const seen = refusals(dns);
    const subjects = [
      'weft.event.network.default.network.x',
      'weft.cmd.network.network.delete',
      taskSubject('host1'),
      agentSubject('host1', 'uplinks.configure'),
    ];
    for (const subject of subjects) dns.publish(subject, '{}');
    await eventually(() => subjects.every((subject) => seen.some((text) => text.includes(`"${subject}"`))), { what: 'a refusal for each subject' });
  });

  it('keeps an agent from a consumer of its own name for the tasks of another host', async () => {
    const [service, agent] = [await as('svc'), await as('agent2')];
    await (await jetstreamManager(service)).streams.add(tasksStreamConfig);
    const config = { durable_name: 'agent-host2', filter_subject: taskSubject('host3'), ack_policy: 'explicit', deliver_policy: 'all' };
    const body = JSON.stringify({ stream_name: TASKS_STREAM, config });
    const own = `${TASKS_STREAM}.agent-host2`;
    for (const subject of [`DURABLE.CREATE.${own}`, `CREATE.${own}`, `CREATE.${own}.${taskSubject('host2')}`])
      await agent.request(`$JS.API.CONSUMER.${subject}`, body, { timeout: 500 }).catch(() => undefined);
    const consumers = await (await jetstreamManager(service)).consumers.list(TASKS_STREAM).next();
    expect(consumers.filter(({ name }) => name === 'agent-host2')).toEqual([]);
  });
});
