import { endProcess, eventually, freePort, isAlive, startTied, writePidFile } from '@weft/embedded';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Places } from '../places';
import { UserError } from '../settings';
import { inside } from '../network/net-tools';
import type { Service } from './supervisor';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

export interface NodeServiceOptions {
  name: string;
  after: readonly string[];
  /** JavaScript file. */
  main: string;
  env: Readonly<Record<string, string>>;
  /** Network namespace that it runs in, and the address there at which others find it; default: our own, 127.0.0.1. */
  place?: { namespace: string; address: string };
}

/** One of our own services: a Node process that creates `WEFT_READY_FILE` (holding its pid) when it serves. */
export const nodeService = (at: Places, options: NodeServiceOptions): Service => ({
  name: options.name,
  after: options.after,
  start: async (stopped) => {
    const readyFile = at.readyFile(options.name);
    const logFile = at.logFile(options.name);
    rmSync(readyFile, { force: true });
    const metricsAddress = `${options.place?.address ?? '127.0.0.1'}:${await freePort()}`;
    writeFileSync(at.metricsFile(options.name), `${metricsAddress}\n`);
    const commandLine: [string, string[]] = [process.execPath, [options.main]];
    const [command, args] = options.place ? inside(options.place.namespace, ...commandLine) : commandLine;
    const service = startTied({
      command,
      args,
      env: { ...FEWER_ARENAS, ...inherited(), ...options.env, WEFT_SERVICE: options.name, WEFT_READY_FILE: readyFile, WEFT_METRICS_ADDRESS: metricsAddress },
      logFile,
      deathSignal: 'SIGTERM',
    });
    writePidFile(at.pidFile(options.name), service.identity.pid);
    const serves = () => {
      if (!isAlive(service.identity)) return 'ended';
      if (stopped.aborted) return 'stopped';
      return existsSync(readyFile) && 'ready';
    };
    const outcome = await eventually(serves, { timeoutMs: READY_TIMEOUT_MS, what: options.name }).catch(() => 'silent');
    if (outcome !== 'ready') {
      await endProcess(service.identity, 'SIGTERM', STOP_TIMEOUT_MS);
      throw new UserError(`${options.name} ${outcome === 'silent' ? 'does not become ready' : outcome}; its log ${logFile} ends with:\n${tailOf(logFile)}`);
    }
    return { process: service, stop: () => endProcess(service.identity, 'SIGTERM', STOP_TIMEOUT_MS) };
  },
});

/** malloc(3) keeps freed memory in as many pools as threads ask for; two are enough for programs whose main thread does the work. */
const FEWER_ARENAS = { MALLOC_ARENA_MAX: '2' };

const LONGEST_LINE = 300;

/** The last lines of a log, for a message to the user. */
const tailOf = (logFile: string, lines = 10): string => {
  try {
    const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines);
    return tail.map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}...` : line)).join('\n');
  } catch {
    return '(no log)';
  }
};

const PASSED_ON = /^(PATH|HOME|LANG|LC_.*|TZ|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|OTEL_.*|WEFT_.*|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)$/;
/** Their credentials are for those services only that get them on purpose. */
const KEPT_BACK = new Set(['WEFT_POSTGRES_URL', 'WEFT_NATS_URL']);

/** A service gets no more of our environment than it needs: no foreign secrets, nothing that npm set. */
const inherited = (): NodeJS.ProcessEnv => Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name) && !KEPT_BACK.has(name)));
