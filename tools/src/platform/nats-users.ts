import {
  agentSubject,
  dnsQuestionSubject,
  EVENTS_STREAM,
  finishSubject,
  heartbeatSubject,
  joinSubject,
  TASKS_STREAM,
  taskSubject,
  token,
} from '@weft/contracts';
import type { NatsUser } from '@weft/embedded';

/** Each user's replies arrive below a prefix of its own, so that nobody can read another one's. */
export const inboxPrefix = (user: string): string => `_INBOX.${user}`;

/**
 * Everybody may answer everybody: an inbox ends in 22 random characters that only the asked one is told. Not the server's
 * `allow_responses`: it keeps the reply subject of every message that it delivers, those of JetStream too, and beyond
 * 4,096 looks through all of them with each message (nats-server `pruneReplyPerms`).
 */
const withInbox = (user: NatsUser): NatsUser => ({
  ...user,
  publish: [...user.publish, '_INBOX.>'],
  subscribe: [`${inboxPrefix(user.name)}.>`, ...user.subscribe],
});

/** Everything that the JetStream API offers about one stream; acknowledgements included. */
const streamApi = (stream: string): string[] => [
  '$JS.API.INFO',
  `$JS.API.STREAM.*.${stream}`,
  `$JS.API.STREAM.MSG.*.${stream}`,
  `$JS.API.DIRECT.GET.${stream}`,
  `$JS.API.DIRECT.GET.${stream}.>`,
  `$JS.API.CONSUMER.*.${stream}`,
  `$JS.API.CONSUMER.*.${stream}.>`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
  `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.>`,
  `$JS.ACK.${stream}.>`,
  `$JS.FC.${stream}.>`,
];

export const instanceServiceUser = (name: string, password: string): NatsUser =>
  withInbox({
    name,
    password,
    publish: [
      'weft.event.instance.>',
      'weft.poke.instance',
      'weft.progress.>',
      'weft.task.*',
      'weft.agent.>',
      'weft.cmd.>',
      'weft.session.>',
      ...streamApi(EVENTS_STREAM),
      ...streamApi(TASKS_STREAM),
      '$JS.API.STREAM.NAMES',
    ],
    subscribe: ['weft.cmd.instance.>', 'weft.poke.>', 'weft.event.>', 'weft.task-result.*', 'weft.task-progress.*', 'weft.heartbeat.*', 'weft.session.>'],
  });

/** What every service with a log of its own does: append, relay, follow the logs of others, answer its own commands. */
const ownLog = (context: string) => ({
  publish: [`weft.event.${context}.>`, `weft.poke.${context}`, 'weft.cmd.*.events.read', ...streamApi(EVENTS_STREAM), '$JS.API.STREAM.NAMES'],
  subscribe: [`weft.cmd.${context}.>`, 'weft.poke.>', 'weft.event.>'],
});

/** Asks whether a zone that a network names exists, and tells members which uplink belongs to which network. */
export const networkServiceUser = (name: string, password: string): NatsUser => {
  const { publish, subscribe } = ownLog('network');
  return withInbox({
    name,
    password,
    publish: [...publish, 'weft.cmd.dns.zone.check', 'weft.agent.*.uplinks.configure'],
    subscribe: [...subscribe, 'weft.heartbeat.*'],
  });
};

/** Answers questions of guests, too. */
export const dnsServiceUser = (name: string, password: string): NatsUser => {
  const { publish, subscribe } = ownLog('dns');
  return withInbox({ name, password, publish, subscribe: [...subscribe, dnsQuestionSubject] });
};

/** Moves guests: orders to hosts, ports of networks, and what it tells the instance service about both. */
export const migrationServiceUser = (name: string, password: string): NatsUser => {
  const { publish, subscribe } = ownLog('migration');
  return withInbox({
    name,
    password,
    publish: [
      ...publish,
      'weft.cmd.instance.>',
      'weft.cmd.network.port.*',
      'weft.progress.>',
      'weft.task.*',
      'weft.agent.>',
      'weft.session.>',
      ...streamApi(TASKS_STREAM),
    ],
    subscribe: [...subscribe, 'weft.task-result.*', 'weft.task-progress.*', 'weft.heartbeat.*', 'weft.session.>'],
  });
};

export const gatewayUser = (name: string, password: string): NatsUser =>
  withInbox({
    name,
    password,
    publish: ['weft.cmd.>', 'weft.agent.>', 'weft.session.>', ...streamApi(EVENTS_STREAM), '$JS.API.STREAM.NAMES'],
    subscribe: ['weft.event.>', 'weft.poke.>', 'weft.progress.>', 'weft.heartbeat.*', 'weft.session.>'],
  });

/**
 * An agent may act for its own member only. Sessions are named by unguessable ids; joining and finishing an operation are its
 * commands, and it may look at the task stream and at consumers named after itself.
 */
export const agentUser = (name: string, password: string, member: string): NatsUser => {
  const consumer = `agent-${token(member)}`;
  return withInbox({
    name,
    password,
    publish: [
      heartbeatSubject(member),
      'weft.task-result.*',
      'weft.task-progress.*',
      finishSubject(member),
      joinSubject(member),
      // What agents ask each other: images, and instances that move.
      'weft.agent.*.image.send',
      'weft.agent.*.instance.send',
      'weft.agent.*.migration.secret',
      'weft.agent.*.migration.go',
      dnsQuestionSubject,
      'weft.session.*.*.*',
      '$JS.API.INFO',
      '$JS.API.STREAM.NAMES',
      `$JS.API.STREAM.INFO.${TASKS_STREAM}`,
      `$JS.API.STREAM.CREATE.${TASKS_STREAM}`,
      `$JS.API.CONSUMER.INFO.${TASKS_STREAM}.${consumer}`,
      `$JS.API.CONSUMER.DELETE.${TASKS_STREAM}.${consumer}`,
      // The one form whose subject names the tasks that the consumer gets; in the others the request's body does.
      `$JS.API.CONSUMER.CREATE.${TASKS_STREAM}.${consumer}.${taskSubject(member)}`,
      `$JS.API.CONSUMER.MSG.NEXT.${TASKS_STREAM}.${consumer}`,
      `$JS.ACK.${TASKS_STREAM}.${consumer}.>`,
    ],
    subscribe: [agentSubject(member, '>'), 'weft.session.*.*.*', taskSubject(member)],
  });
};
