import { UserError } from './settings';

export type CommandLine =
  | { command: 'start'; detach: boolean; /** undefined: as last time */ members?: number }
  | { command: 'down' }
  | { command: 'reset'; yes: boolean }
  | { command: 'status' }
  | { command: 'credentials'; members: number }
  | { command: 'host-credentials'; host: string }
  | { command: 'help' };

const MOST_MEMBERS = 64;

export const USAGE = `usage: weft start [--detach] [--members N]   start the platform (members host1 to hostN)
       weft down                              stop everything, guests included
       weft reset [--yes]                     stop everything and erase all state
       weft status                            what runs
       weft credentials [--members N]         make secrets and database roles for containers (deploy/)
       weft credentials --host NAME           let a host that is not started here talk to this platform

environment: WEFT_DIR (/var/lib/weft), WEFT_HTTPS_ADDRESS (127.0.0.1:8443), WEFT_CACHE (/var/cache/weft),
             WEFT_NETWORKS=off for guests without networks,
             WEFT_POSTGRES_URL and WEFT_NATS_URL to use servers of your own, OTEL_* to export telemetry`;

export const parseCommandLine = (args: readonly string[]): CommandLine => {
  const [command, ...rest] = args;
  const options = readOptions(rest);
  switch (command) {
    case 'start':
      allow(options, ['detach', 'members']);
      return { command, detach: flag(options, 'detach'), members: members(options.get('members')) };
    case 'reset':
      allow(options, ['yes']);
      return { command, yes: flag(options, 'yes') };
    case 'down':
    case 'status':
      allow(options, []);
      return { command };
    case 'credentials':
      allow(options, ['members', 'host']);
      if (options.has('host')) return { command: 'host-credentials', host: hostName(options.get('host')) };
      return { command, members: members(options.get('members')) ?? 1 };
    case undefined:
    case 'help':
    case '--help':
      return { command: 'help' };
    default:
      throw new UserError(`unknown command "${command}"\n${USAGE}`);
  }
};

type Options = ReadonlyMap<string, string | true>;

/** `--name value`, `--name=value` or `--name`. */
const readOptions = (args: readonly string[]): Options => {
  const options = new Map<string, string | true>();
  let pending: string | undefined;
  for (const arg of args) {
    const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name) {
      options.set(name, value ?? true);
      pending = value === undefined ? name : undefined;
    } else if (pending && options.get(pending) === true) {
      options.set(pending, arg);
    } else {
      throw new UserError(`unexpected argument "${arg}"\n${USAGE}`);
    }
  }
  return options;
};

const allow = (options: Options, names: readonly string[]): void => {
  for (const name of options.keys()) if (!names.includes(name)) throw new UserError(`unknown option "--${name}"\n${USAGE}`);
};

const flag = (options: Options, name: string): boolean => {
  const value = options.get(name);
  if (typeof value === 'string') throw new UserError(`--${name} takes no value`);
  return value === true;
};

const hostName = (value: string | true | undefined): string => {
  if (typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(value)) return value;
  throw new UserError('--host takes the name of a host: letters, digits and hyphens');
};

const members = (value: string | true | undefined): number | undefined => {
  if (value === undefined) return undefined;
  const count = value === true ? NaN : Number(value);
  if (!Number.isInteger(count) || count < 1 || count > MOST_MEMBERS) throw new UserError(`--members takes a number from 1 to ${MOST_MEMBERS}`);
  return count;
};
