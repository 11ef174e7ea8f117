/**
 * The target's part of a live migration.
 *
 *   files beside the disk --> empty disk over the same base --> QEMU -incoming defer -S
 *        NBD server: root disk          memory port               both TLS with a key of this migration alone
 *   memory whole: QEMU "paused" --go or confirm--> "running"
 *
 * Nothing runs here before somebody says so who knows that nothing runs at the source. So a target that is discarded
 * before that has never run.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError, type InstanceSpec, type MoveEndpoint } from '@weft/contracts';
import { type QmpClient, QmpError } from '@weft/qmp';
import { z } from 'zod';
import { nicsOf } from '../../network/nic';
import { requireNetwork } from '../../network/require-network';
import { createDiskForMove } from '../../storage/vm-disk';
import { hostBootId } from '../host-boot';
import type { TargetOrder } from '../mover';
import { findFirmware } from './firmware';
import { guestAbiSchema } from './guest-abi';
import { addGateDevice, removeGate } from './migration-gate';
import { addCredentials, CREDENTIALS, forgetMigration, forgetSettings, readMigration, unlessRefused, writeMigration } from './migration-record';
import { deleteVmFiles } from './vm-create';
import { launchMachine, type MachineHost } from './vm-launch';
import { runState } from './vm-lifecycle';
import { withMonitor } from './vm-monitor';
import type { VmPaths } from './vm-paths';
import { findProcess, kill, lastWords } from './vm-process';
import { newRecord, readRecord, writeRecord } from './vm-record';

const PORT_ATTEMPTS = 5;
/** For the last of the memory, after the source said that all of it has gone. */
const ARRIVAL_MS = 20_000;
/** RARPs after the guest has begun, so that switches learn where it is: milliseconds. */
const ANNOUNCE = { initial: 5, max: 500, rounds: 5, step: 100 };

const incomingSchema = z.object({ 'socket-address': z.array(z.object({ host: z.string(), port: z.string() }).loose()) }).loose();

export async function prepareTarget(
  paths: VmPaths,
  spec: InstanceSpec,
  order: TargetOrder,
  host: MachineHost,
  files: () => Promise<void>,
): Promise<MoveEndpoint> {
  const before = await readMigration(paths);
  const known = before?.role === 'target' && before.migrationId === order.migrationId ? before : undefined;
  if (known?.endpoint && (await runState(paths)) === 'inmigrate') return known.endpoint;
  const abi = guestAbiSchema.parse(order.abi);
  requireSameKind(abi.accelerator, host);
  requireNetwork(host.network, nicsOf(spec));
  const key = randomBytes(32).toString('hex');
  await kill(paths);
  await host.network?.release(spec.id);
  await mkdir(paths.logDir, { recursive: true, mode: 0o700 });
  await mkdir(paths.snapshots, { recursive: true, mode: 0o700 });
  await writeMigration(paths, { role: 'target', migrationId: order.migrationId, key });
  await files();
  await createDiskForMove(paths.dir, order.diskBytes);
  const nvramTemplate = findFirmware(abi.secureBoot).variables;
  await writeRecord(paths, { ...newRecord(), phase: 'incoming', epoch: order.epoch, hostBoot: await hostBootId(), abi, nvramTemplate });
  await launchMachine(paths, spec, abi, host, true);
  await addCredentials(paths, key, 'server');
  const endpoint = await listen(paths, order.address);
  await writeMigration(paths, { role: 'target', migrationId: order.migrationId, key, endpoint });
  return endpoint;
}

function requireSameKind(accelerator: string, host: MachineHost): void {
  if (host.accelerator.name === accelerator) return;
  throw new WeftError('member.none-suitable', `The guest runs under ${accelerator}, this host has ${host.accelerator.name}: it cannot go on here`);
}

async function listen(paths: VmPaths, host: string): Promise<MoveEndpoint> {
  const diskPort = await withMonitor(paths, (qmp) => serveDisk(qmp, host));
  return withMonitor(paths, async (qmp) => {
    await addGateDevice(qmp);
    await qmp.execute('migrate-set-capabilities', {
      // Return path: the source hears when all has arrived. Late: the disk is not ours before the guest begins.
      capabilities: (['return-path', 'late-block-activate', 'dirty-bitmaps'] as const).map((capability) => ({ capability, state: true })),
    });
    await qmp.execute('migrate-set-parameters', { 'tls-creds': CREDENTIALS, 'tls-hostname': '' });
    await qmp.execute('migrate-incoming', { uri: `tcp:${host}:0` });
    const { 'socket-address': addresses } = incomingSchema.parse(await qmp.execute('query-migrate'));
    return { host, memoryPort: Number(addresses[0]?.port), diskPort };
  });
}

/** Somebody else may take a port that was free a moment ago: then the next one. */
async function serveDisk(qmp: QmpClient, host: string): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(host);
    try {
      await qmp.execute('nbd-server-start', { addr: { type: 'inet', data: { host, port: String(port) } }, 'tls-creds': CREDENTIALS, 'max-connections': 1 });
      await qmp.execute('block-export-add', { type: 'nbd', id: 'weft-move', 'node-name': 'root', name: 'root', writable: true });
      return port;
    } catch (error) {
      if (!(error instanceof QmpError) || attempt === PORT_ATTEMPTS) throw error;
      await unlessRefused(qmp.execute('nbd-server-stop'));
    }
  }
}

async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

type WithLink = <T>(work: (qmp: QmpClient) => Promise<T>) => Promise<T>;

/** Lets the guest run; what the move has left behind would be in its way now. @throws WeftError task.failed when there is nothing to run */
export async function beginTarget(paths: VmPaths, { migrationId }: { migrationId: string }, withLink: WithLink): Promise<void> {
  const [record, migration] = await Promise.all([readRecord(paths), readMigration(paths)]);
  if (!record || (record.phase === 'incoming' && migration?.migrationId !== migrationId)) throw new WeftError('task.failed', 'The move was ended meanwhile');
  if (record.phase === 'incoming') {
    await untilArrived(paths, withLink);
    await withLink((qmp) => qmp.execute('cont'));
    await withLink((qmp) => qmp.execute('announce-self', ANNOUNCE));
    await writeRecord(paths, { ...record, phase: 'running' });
  }
}

/** Lets the guest run if it does not yet, and ends the target's part. @throws WeftError task.failed when there is nothing to run */
export async function confirmTarget(paths: VmPaths, order: { migrationId: string }, withLink: WithLink): Promise<void> {
  await beginTarget(paths, order, withLink);
  if ((await readMigration(paths))?.migrationId !== order.migrationId) return;
  await withMonitor(paths, async (qmp) => {
    await unlessRefused(qmp.execute('nbd-server-stop'));
    await removeGate(qmp);
    await forgetSettings(qmp);
  });
  await forgetMigration(paths);
}

async function untilArrived(paths: VmPaths, withLink: WithLink): Promise<void> {
  const deadline = Date.now() + ARRIVAL_MS;
  for (;;) {
    const state = await withLink((qmp) => qmp.execute('query-status')).then(
      ({ status }) => status,
      () => runState(paths),
    );
    if (state === 'paused' || state === 'running') return;
    if (state === undefined) throw new WeftError('task.failed', `The target's QEMU has ended: ${await lastWords(paths)}`);
    if (Date.now() > deadline) throw new WeftError('task.failed', 'The memory of the guest has not come whole');
    await sleep(5);
  }
}

/** True when it is left alone: the guest runs here already, or another move brings it here. */
export async function discardTarget(paths: VmPaths, instanceId: string, { migrationId }: { migrationId: string }): Promise<boolean> {
  const migration = await readMigration(paths);
  const record = await readRecord(paths);
  if (record && record.phase !== 'incoming') return true;
  if (!migration && !record) return false;
  if (migration && migration.migrationId !== migrationId) return true;
  if ((await findProcess(paths)) !== undefined && (await runState(paths)) === 'running') return true;
  await kill(paths);
  await deleteVmFiles(paths, instanceId);
  return false;
}
