import { WeftError } from '@weft/contracts';
import type { CoreSchedulingSupport } from '../core-scheduling/core-scheduling';
import type { ImageTransfer } from '../images/image-transfer';
import type { HostNetwork } from '../network/host-network';
import { readAclLog } from './acl-log';
import type { ConsoleDeps } from './console';
import { openConsole } from './console';
import { openExec, type ExecDeps } from './exec';
import { deleteFile, getFile, putFile, sendFile, type FileRequestDeps } from './guest-file-requests';
import { deleteLog, listLogs, openLog } from './instance-logs';
import { lxdResources } from './lxd-resources';
import { sendInstance } from '../migration/instance-transfer';
import { takeHint, type MoveDeps } from '../migration/move-tasks';
import type { RequestHandlers } from './request-server';

export type RequestDeps = ExecDeps &
  ConsoleDeps &
  FileRequestDeps & {
    transfer: ImageTransfer;
    moves: MoveDeps;
    network: HostNetwork | undefined;
    ovnLog: string | undefined;
    coreScheduling: CoreSchedulingSupport;
  };

/** One line for each verb of `agentRequests`. */
export const requestHandlers = (deps: RequestDeps): RequestHandlers => ({
  'exec.open': (request) => openExec(deps, request),
  'console.open': (request) => openConsole(deps, request),
  'console.log': async ({ instance }) => ({ text: await deps.drivers.require(instance.type).consoleLog(instance) }),
  'console.clear': async ({ instance }) => {
    await deps.drivers.require(instance.type).clearConsoleLog(instance);
    return {};
  },
  'file.get': (request) => getFile(deps, request),
  'file.put': (request) => putFile(deps, request),
  'file.delete': (request) => deleteFile(deps, request),
  'instance.usage': async ({ instance }) => {
    if (!(await deps.instances.state(instance.id)).created) throw new WeftError('instance.not-found', `Instance "${instance.name}" is not on this host`);
    return deps.drivers.require(instance.type).usage(instance);
  },
  'log.list': (request) => listLogs(deps, request),
  'log.get': async (request) => {
    sendFile(deps, request.sessionId, await openLog(deps, request));
    return {};
  },
  'log.delete': (request) => deleteLog(deps, request),
  'uplinks.configure': async ({ uplinks }) => {
    if (!deps.network) throw new WeftError('network.unsupported', "This host has no Open vSwitch (the agent's WEFT_OVS_DB names its database)");
    await deps.network.configureUplinks(uplinks);
    return {};
  },
  'acl.log': (request) => readAclLog(deps.ovnLog, request),
  resources: () => lxdResources(deps.coreScheduling),
  'image.receive': (request) => deps.transfer.receive(request),
  'image.discard': (request) => deps.transfer.discard(request),
  'image.send': (request) => deps.transfer.send(request),
  'migration.facts': ({ instance }) => deps.drivers.require(instance.type).mover.facts(instance),
  'instance.send': (request) => sendInstance(deps.moves, request),
  'migration.secret': async ({ instanceId, migrationId }) => {
    const spec = await deps.instances.spec(instanceId);
    const mover = spec && deps.drivers.require(spec.type).mover.live;
    if (!mover) throw new WeftError('instance.not-found', 'This host does not wait for that instance');
    return { key: await mover.secret(instanceId, migrationId) };
  },
  'migration.go': (request) => takeHint(deps.moves, request),
});
