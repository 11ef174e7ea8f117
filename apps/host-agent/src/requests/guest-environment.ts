import type { InstanceSpec } from '@weft/contracts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const PREFIX = 'environment.';

export interface CommandContext {
  environment: Readonly<Record<string, string>>;
  user: number;
  cwd: string;
  interactive: boolean;
}

/**
 * The environment and directory in which a command runs, as LXD gives them: the instance's `environment.*` keys, what
 * the request says over them, and defaults for what is still missing.
 */
export function guestEnvironment(spec: InstanceSpec, request: CommandContext): { environment: Record<string, string>; cwd: string } {
  const environment: Record<string, string> = {};
  for (const [key, value] of Object.entries(spec.config)) if (key.startsWith(PREFIX)) environment[key.slice(PREFIX.length)] = value;
  Object.assign(environment, request.environment);
  environment.PATH ??= DEFAULT_PATH;
  environment.LANG ??= 'C.UTF-8';
  if (request.user === 0) {
    environment.HOME ??= '/root';
    environment.USER ??= 'root';
  }
  if (request.interactive) environment.TERM ??= 'xterm';
  return { environment, cwd: request.cwd || environment.HOME || '/' };
}
