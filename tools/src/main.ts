import { parseCommandLine, USAGE } from './command-line';
import { credentials } from './commands/credentials';
import { hostCredentials } from './commands/host-credentials';
import { down } from './commands/down';
import { reset } from './commands/reset';
import { start, supervise } from './commands/start';
import { status } from './commands/status';
import { readSettings, UserError } from './settings';

const main = async (args: readonly string[]): Promise<void> => {
  // What `start --detach` runs in the background; the rest of its command line is that of `start`.
  const detached = args[0] === 'supervise';
  const line = parseCommandLine(detached ? ['start', ...args.slice(1)] : args);
  if (line.command === 'help') return void process.stdout.write(`${USAGE}\n`);
  if (line.command === 'credentials') return credentials(process.env, line.members);
  const settings = readSettings(process.env);
  switch (line.command) {
    case 'start':
      return detached ? supervise(settings, line.members) : start(settings, line);
    case 'down':
      return down(settings);
    case 'reset':
      return reset(settings, line);
    case 'host-credentials':
      return hostCredentials(settings, line.host);
    case 'status':
      return status(settings);
  }
};

/** What the user can mend comes as a sentence, a defect with its stack. */
const describe = (error: unknown): string => {
  if (error instanceof UserError) return error.message;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return `${path ?? 'something'} is not ours to change (${code}): run this as root`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`weft: ${describe(error)}\n`);
  process.exit(1);
});
