/**
 * liblxc's command line tools (lxc-start(1), lxc-attach(1), ...) with typed arguments; no shell is involved.
 *
 * liblxc talks to a container's monitor over an abstract unix socket, which belongs to a network namespace: every
 * tool has to run in the namespace of the `lxc-start`, or the container looks stopped. `netns` names that namespace.
 */
import { execFile } from 'node:child_process';

export interface LxcOptions {
  /** liblxc's "lxcpath": `<lxcPath>/<name>/config` is a container's configuration. */
  lxcPath: string;
  /** A network namespace (/run/netns/<name>) to run in; the caller's own when unset. */
  netns?: string;
  /** A tool that takes longer is killed; 60 s when unset. */
  timeoutMs?: number;
}

export interface AttachOptions {
  user: number;
  group: number;
  /** The whole environment apart from `container=lxc`. */
  environment: Readonly<Record<string, string>>;
}

export interface CommandLine {
  file: string;
  args: string[];
}

/** A tool ended with an error; `stderr` holds its words. */
export class LxcToolError extends Error {
  constructor(
    readonly tool: string,
    readonly stderr: string,
    options?: ErrorOptions,
  ) {
    super(`${tool}: ${stderr.trim() || 'failed'}`, options);
    this.name = 'LxcToolError';
  }
}

export class Lxc {
  constructor(private readonly options: LxcOptions) {}

  /** liblxc's version, "5.0.2". Throws `LxcToolError` when the tools are not installed. */
  version(): Promise<string> {
    return this.run({ file: 'lxc-start', args: ['--version'] });
  }

  /** Starts a container (`<lxcPath>/<name>/config`) in the background; resolves when its init runs. Failures are told in `logFile`. */
  async start(name: string, logFile: string): Promise<void> {
    await this.run(this.command('lxc-start', name, ['-d', '-o', logFile, '-l', 'INFO']));
  }

  /**
   * The command line that runs `command` inside. It ends with the command's own code: 127 not found, 126 not
   * executable, 128+n killed by signal n. The command is its child, in the container's pid namespace.
   */
  attachCommand(name: string, options: AttachOptions, command: readonly string[]): CommandLine {
    const variables = Object.entries(options.environment).flatMap(([key, value]) => ['-v', `${key}=${value}`]);
    const identity = ['-u', String(options.user), '-g', String(options.group)];
    return this.command('lxc-attach', name, ['--clear-env', ...identity, ...variables, '--', ...command]);
  }

  /**
   * The command line that connects its terminal to the container's console; Ctrl-A twice sends one Ctrl-A. Its own
   * words go to standard error, where nobody should read them as the guest's.
   */
  consoleCommand(name: string): CommandLine {
    const { file, args } = this.command('lxc-console', name, ['-t', '0', '-e', '^a']);
    return { file: '/bin/sh', args: ['-c', 'exec "$@" 2>/dev/null', 'sh', file, ...args] };
  }

  private command(tool: string, name: string, args: readonly string[]): CommandLine {
    const line = { file: tool, args: ['-n', name, '-P', this.options.lxcPath, ...args] };
    if (!this.options.netns) return line;
    return { file: 'nsenter', args: [`--net=${this.options.netns}`, '--', line.file, ...line.args] };
  }

  private run({ file, args }: CommandLine): Promise<string> {
    return new Promise((resolve, reject) => {
      const { timeoutMs = TOOL_TIMEOUT_MS } = this.options;
      // The directory is where the monitor will live for as long as the container: it must not pin a mount.
      const tool = execFile(file, args, { cwd: '/', maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
        clearTimeout(limit);
        if (!error) return resolve(stdout.trim());
        const missing = error.code === 'ENOENT' ? `${file} is not installed` : stderr;
        reject(new LxcToolError(file, missing || error.message, { cause: error }));
      });
      // Not execFile's own limit: that waits for the end of the tool, and of everybody who has inherited its output.
      const limit = setTimeout(() => {
        tool.kill('SIGKILL');
        reject(new LxcToolError(file, `no answer within ${timeoutMs / 1000} s`));
      }, timeoutMs);
    });
  }
}

/** A healthy start takes 60 ms; a machine under full load may need seconds. */
const TOOL_TIMEOUT_MS = 60_000;
