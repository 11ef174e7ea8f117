import type { NatsConnection } from '@nats-io/transport-node';
import { finished } from 'node:stream/promises';
import { WeftError, type AgentRequest } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { openChannel } from '@weft/session';
import type { Driver } from '../drivers/driver';
import type { DriverRegistry } from '../drivers/driver-registry';
import { listenToControl } from './control-channel';
import type { OperationFinisher } from './operation-finisher';

export interface ConsoleDeps {
  nc: NatsConnection;
  drivers: DriverRegistry;
  finisher: OperationFinisher;
  logger: Logger;
}

type ConsoleOpen = AgentRequest<'console.open'>;

/** Replies at once; the operation ends when the client detaches, the guest stops, or another client takes over. */
export async function openConsole(deps: ConsoleDeps, request: ConsoleOpen): Promise<object> {
  const { instance, operationId } = request;
  const driver = deps.drivers.require(instance.type);
  const { status } = await driver.inspect(instance.id);
  if (status !== 'running' && status !== 'frozen') throw new WeftError('instance.wrong-status', `Instance "${instance.name}" is not running`);
  const operation = { operationId, project: instance.project };
  await deps.finisher.begin(operation);
  void attach(deps, driver, request).then(
    () => deps.finisher.finish(operation, { metadata: {} }),
    (error: unknown) => deps.finisher.finish(operation, { metadata: {}, error: error instanceof Error ? error.message : String(error) }),
  );
  return {};
}

async function attach(deps: ConsoleDeps, driver: Driver, { sessionId, instance, width, height }: ConsoleOpen): Promise<void> {
  const terminal = openChannel(deps.nc, { sessionId, channel: '0', side: 'server' });
  const control = openChannel(deps.nc, { sessionId, channel: 'control', side: 'server', mode: 'messages' });
  control.on('error', () => terminal.destroy());
  terminal.on('error', () => undefined);
  try {
    await Promise.all([terminal.attached, control.attached]);
    const connection = await driver.console(instance, { width: width || 80, height: height || 25 });
    listenToControl(control, connection);
    // The stock client detaches by closing its control socket.
    control.on('end', () => terminal.destroy());
    connection.stream.on('error', () => terminal.destroy());
    connection.stream.on('close', () => terminal.end(() => terminal.destroy()));
    terminal.on('end', () => terminal.destroy());
    terminal.pipe(connection.stream, { end: false });
    connection.stream.pipe(terminal);
    await finished(terminal).catch(() => undefined);
    connection.close();
  } finally {
    terminal.destroy();
    control.end(() => control.destroy());
  }
}
