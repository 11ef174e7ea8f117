/**
 * The host agent, put together: the only file that names adapters.
 *
 *   start: lock --> state directories --> drivers --> heartbeats (what runs is found, never stopped) --> requests, tasks
 *   stop:  tasks --> requests --> heartbeats --> connection; guests keep running
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { streamCopies, taskProgressSubject } from '@weft/contracts';
import { connectNats, type Logger } from '@weft/platform';
import { lockStateDirectory } from './agent-lock';
import type { AgentConfig } from './agent.config';
import { watchCoreScheduling, watchGuests } from './agent.metrics';
import { detectCoreScheduling } from './core-scheduling/core-scheduling';
import { driverCreators } from './drivers/driver-creators';
import { DriverRegistry } from './drivers/driver-registry';
import { keepReserve, refillReserve } from './files/reserve';
import { HeartbeatSender } from './heartbeat/heartbeat';
import { hostArchitecture } from './heartbeat/host-resources';
import { HostView } from './heartbeat/host-view';
import { HostImages } from './images/host-images';
import { ImageTransfer } from './images/image-transfer';
import { InstanceStore } from './instances/instance-store';
import type { MoveDeps } from './migration/move-tasks';
import { askDnsService } from './network/ask-dns-service';
import { HostNetwork } from './network/host-network';
import { joinCluster } from './requests/membership';
import { OperationFinisher } from './requests/operation-finisher';
import { requestHandlers } from './requests/request-handlers';
import { serveRequests } from './requests/request-server';
import { consumeTasks } from './tasks/task-consumer';
import { handleTask } from './tasks/task-handlers';
import { TaskJournal } from './tasks/task-journal';
import { TaskRunner } from './tasks/task-runner';

export const AGENT_VERSION = '0.1.0';
const HOUSEKEEPING_MS = 3600 * 1000;

export interface RunningAgent {
  /** Guests keep running. */
  stop(): Promise<void>;
}

export async function startAgent(config: AgentConfig, logger: Logger): Promise<RunningAgent> {
  const { dir, member } = config;
  const clock = Date.now;
  await mkdir(join(dir, 'instances'), { recursive: true, mode: 0o711 });
  const lock = await lockStateDirectory(dir);
  await keepReserve(dir);
  const instances = new InstanceStore(dir);
  const journal = await TaskJournal.open(join(dir, 'tasks'));
  const images = await HostImages.open({ dir, logger, inUse: () => fingerprintsInUse(instances) });
  const network = config.ovsDatabase ? new HostNetwork({ endpoint: config.ovsDatabase, logger }) : undefined;
  const coreScheduling = detectCoreScheduling();
  logger.info(coreScheduling, 'core scheduling');
  const drivers = await DriverRegistry.open(driverCreators, config.drivers, { dir, images, logger, clock, coreScheduling, ...(network ? { network } : {}) });
  // Before any order comes: what a former agent has left is told from what a start makes.
  await network?.sweep((id) => isRunning(drivers, instances, id)).catch((error: unknown) => logger.error({ err: error }, 'Open vSwitch does not answer'));

  const nc = await connectNats(config.natsUrl, `host-agent ${member}`, logger);
  network?.resolvers.start(askDnsService(nc, logger));
  const transfer = new ImageTransfer(nc, images, logger);
  const finisher = await OperationFinisher.open(nc, member, join(dir, 'operations'), logger);
  const moves: MoveDeps = { nc, drivers, instances, logger, migrationAddress: config.migrationAddress };
  const runner: TaskRunner = new TaskRunner({
    journal,
    handle: (task, progress, interrupt) => handleTask({ drivers, instances, images, transfer, moves, network }, task, progress, interrupt),
    concurrency: config.concurrency,
    publishProgress: (progress) => nc.publish(taskProgressSubject(progress.taskId), JSON.stringify(progress)),
    onSettled: (instanceId) => changed(instanceId),
    logger,
  });
  const view = new HostView({ drivers, instances, isBusy: (id) => runner.isBusy(id), clock, logger });
  watchGuests(() => view.statuses());
  watchCoreScheduling(coreScheduling, () => view.coreScheduling());
  const heartbeat = new HeartbeatSender({ nc, member, version: AGENT_VERSION, dir, drivers, view, images: () => images.list(), coreScheduling, clock, logger });
  const changed = (instanceId: string | undefined): void => {
    if (instanceId !== undefined) view.touch(instanceId);
    heartbeat.poke();
  };
  for (const driver of drivers.all()) driver.onChange(changed);

  heartbeat.start();
  const leaving = new AbortController();
  void joinCluster({ nc, member, architecture: hostArchitecture(), token: config.joinToken, logger }, leaving.signal);
  await finisher.recover();
  const requests = serveRequests(
    nc,
    member,
    requestHandlers({ nc, drivers, instances, finisher, transfer, moves, network, coreScheduling, ovnLog: config.ovnLog, logger }),
    logger,
  );
  const tasks = await consumeTasks(nc, streamCopies(config.natsUrl), member, runner, logger);
  const housekeeping = startHousekeeping(dir, journal, images, logger);

  return {
    async stop() {
      leaving.abort();
      clearInterval(housekeeping);
      await tasks.stop();
      requests.stop();
      finisher.stop();
      heartbeat.stop();
      await nc.drain();
      await network?.close();
      lock.close();
    },
  };
}

/** What cannot be looked up may run. */
async function isRunning(drivers: DriverRegistry, instances: InstanceStore, instanceId: string): Promise<boolean> {
  const spec = await instances.spec(instanceId);
  const driver = spec && drivers.get(spec.type);
  if (!spec) return false;
  if (!driver) return true;
  const { status } = await driver.inspect(instanceId);
  return status === 'running' || status === 'frozen';
}

async function fingerprintsInUse(instances: InstanceStore): Promise<ReadonlySet<string>> {
  const specs = await Promise.all((await instances.ids()).map((id) => instances.spec(id)));
  return new Set(specs.flatMap((spec) => (spec?.imageFingerprint ? [spec.imageFingerprint] : [])));
}

function startHousekeeping(dir: string, journal: TaskJournal, images: HostImages, logger: Logger): NodeJS.Timeout {
  const work = () =>
    void Promise.all([journal.prune(Date.now()), images.removeUnused(), refillReserve(dir)]).catch((error: unknown) =>
      logger.warn({ err: error }, 'housekeeping failed'),
    );
  work();
  return setInterval(work, HOUSEKEEPING_MS).unref();
}
