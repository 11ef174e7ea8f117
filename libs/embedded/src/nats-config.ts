import type { NatsOptions, NatsVersion } from './nats';

/** Subject patterns, NATS wildcards allowed. */
export interface NatsUser {
  name: string;
  password: string;
  publish: readonly string[];
  subscribe: readonly string[];
}

const quote = (text: string): string => JSON.stringify(text);
const list = (subjects: readonly string[]): string => `[${subjects.map(quote).join(', ')}]`;

const renderUser = (user: NatsUser): string =>
  `    { user: ${quote(user.name)}, password: ${quote(user.password)}, permissions: {
        publish: { allow: ${list(user.publish)} }, subscribe: { allow: ${list(user.subscribe)} } } }`;

/** The `authorization` block by itself, for servers that are configured elsewhere (`include`). */
export const renderNatsUsers = (users: readonly NatsUser[]): string =>
  ['authorization {', '  users: [', users.map(renderUser).join(',\n'), '  ]', '}', ''].join('\n');

/** `sync_interval: always` puts every acknowledged message on disk, but servers before 2.10 refuse the word. */
export const renderNatsConfig = (options: NatsOptions, version: NatsVersion): string =>
  [
    `listen: "${options.host ?? '127.0.0.1'}:${options.port}"`,
    'server_name: "weft"',
    'max_payload: 8MB',
    'jetstream {',
    `  store_dir: ${quote(options.storeDir)}`,
    `  max_memory_store: 64MB`,
    `  max_file_store: ${options.maxFileBytes ?? 4 * 1024 ** 3}`,
    ...(version.minor >= 10 ? ['  sync_interval: always'] : []),
    '}',
    options.users ? renderNatsUsers(options.users) : '',
  ].join('\n');
