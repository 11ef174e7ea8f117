/**
 * Runs a command in a guest and carries its streams.
 *
 *   exec.open --> reply --> every channel attached --> run --> output delivered --> operation.finish {return}
 *                              | nobody came, or a channel broke
 *                              +--> kill --> operation.finish with the error
 */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { isId, WeftError, type AgentRequest } from '@weft/contracts';
import { openChannel, type SessionChannel } from '@weft/session';
import type { Logger } from '@weft/platform';
import type { Driver, ExecProcess } from '../drivers/driver';
import type { DriverRegistry } from '../drivers/driver-registry';
import type { InstanceStore } from '../instances/instance-store';
import { listenToControl } from './control-channel';
import { guestEnvironment } from './guest-environment';
import type { OperationFinisher } from './operation-finisher';

export interface ExecDeps {
  nc: NatsConnection;
  drivers: DriverRegistry;
  instances: InstanceStore;
  finisher: OperationFinisher;
  logger: Logger;
}

type ExecOpen = AgentRequest<'exec.open'>;
type Metadata = Record<string, unknown>;

/** The client may take this long to connect all its sockets. */
const ATTACH_TIMEOUT_MS = 60_000;

/** Replies when the command is accepted; it runs on its own from then on. */
export async function openExec(deps: ExecDeps, request: ExecOpen): Promise<object> {
  if (!isId(request.operationId)) throw new WeftError('request.invalid', 'An operation id is a UUID');
  const driver = deps.drivers.require(request.instance.type);
  await requireRunning(driver, request);
  const operation = { operationId: request.operationId, project: request.instance.project };
  await deps.finisher.begin(operation);
  const work = request.waitForWebsocket ? runWithChannels(deps, driver, request) : runAlone(deps, driver, request);
  void work.then(
    (metadata) => deps.finisher.finish(operation, { metadata }),
    (error: unknown) => {
      deps.logger.info({ err: error, operationId: request.operationId }, 'command failed');
      return deps.finisher.finish(operation, { metadata: {}, error: error instanceof Error ? error.message : String(error) });
    },
  );
  return {};
}

async function requireRunning(driver: Driver, { instance }: ExecOpen): Promise<void> {
  const { status } = await driver.inspect(instance.id);
  if (status === 'frozen') throw new WeftError('instance.wrong-status', `Instance "${instance.name}" is frozen`);
  if (status !== 'running') throw new WeftError('instance.wrong-status', `Instance "${instance.name}" is not running`);
}

async function start(driver: Driver, request: ExecOpen): Promise<ExecProcess> {
  const { command, interactive, width, height, user, group } = request;
  return driver.exec(request.instance, {
    command,
    interactive,
    width: width || 80,
    height: height || 25,
    user,
    group,
    ...guestEnvironment(request.instance, request),
  });
}

async function runWithChannels(deps: ExecDeps, driver: Driver, request: ExecOpen): Promise<Metadata> {
  const open = (channel: string, mode: 'bytes' | 'messages' = 'bytes') =>
    openChannel(deps.nc, { sessionId: request.sessionId, channel, side: 'server', mode, attachTimeoutMs: ATTACH_TIMEOUT_MS });
  const control = open('control', 'messages');
  const data = request.interactive ? [open('0')] : [open('0'), open('1'), open('2')];
  const channels = [control, ...data];
  let child: ExecProcess | undefined;
  // A client that breaks off takes its command along, as with LXD.
  for (const channel of channels) channel.on('error', () => child?.kill());
  try {
    await Promise.all(channels.map((channel) => channel.attached));
    child = await start(driver, request);
    if (channels.some((channel) => channel.destroyed)) child.kill();
    listenToControl(control, child);
    const outputs = request.interactive ? connectTerminal(child, data[0]!) : connectStreams(child, data);
    const code = await child.exit;
    await Promise.all(outputs);
    return { return: code };
  } finally {
    channels.forEach(closeGently);
  }
}

function connectTerminal(child: ExecProcess, channel: SessionChannel): Promise<void>[] {
  const { tty } = child;
  if (!tty) throw new Error('the driver gave no terminal');
  channel.pipe(tty);
  tty.on('error', () => undefined);
  return [deliver(tty, channel)];
}

function connectStreams(child: ExecProcess, channels: SessionChannel[]): Promise<void>[] {
  const [stdin, stdout, stderr] = channels;
  if (stdin && child.stdin) {
    // The command may end without reading its input.
    child.stdin.on('error', () => undefined);
    stdin.pipe(child.stdin);
  }
  return [deliver(child.stdout, stdout), deliver(child.stderr, stderr)];
}

/** Resolves when the peer has all the output, or has gone away. */
async function deliver(output: Readable | undefined, channel: SessionChannel | undefined): Promise<void> {
  if (!channel) return;
  channel.resume();
  if (output) {
    output.pipe(channel, { end: false });
    // A terminal ends with an error (EIO) when its last user is gone.
    void finished(output, { writable: false }).then(
      () => channel.end(),
      () => channel.end(),
    );
  } else channel.end();
  await finished(channel, { readable: false }).catch(() => undefined);
}

/** EOF first, so that the peer sees an end and not an accident. */
function closeGently(channel: SessionChannel): void {
  if (channel.destroyed) return;
  channel.resume();
  channel.end(() => channel.destroy());
}

async function runAlone(deps: ExecDeps, driver: Driver, request: ExecOpen): Promise<Metadata> {
  const sinks = request.recordOutput ? await recordings(deps.instances, request) : undefined;
  const child = await start(driver, { ...request, interactive: false });
  (child.stdin as Writable | undefined)?.on('error', () => undefined);
  child.stdin?.end();
  const outputs = [child.stdout, child.stderr].map((stream, index) => record(stream, sinks?.files[index]));
  const code = await child.exit;
  await Promise.all(outputs);
  return { return: code, ...(sinks ? { output: sinks.urls } : {}) };
}

async function recordings(instances: InstanceStore, { instance, operationId }: ExecOpen): Promise<{ files: string[]; urls: Record<string, string> }> {
  const names = [`exec_${operationId}.stdout`, `exec_${operationId}.stderr`];
  await mkdir(instances.path(instance.id, 'log'), { recursive: true });
  const url = (name: string) => `/1.0/instances/${encodeURIComponent(instance.name)}/logs/${name}`;
  return { files: names.map((name) => instances.path(instance.id, 'log', name)), urls: { '1': url(names[0]!), '2': url(names[1]!) } };
}

async function record(stream: Readable | undefined, file: string | undefined): Promise<void> {
  if (!stream) return;
  if (file) await pipeline(stream, createWriteStream(file, { mode: 0o600 }));
  else stream.resume();
}
