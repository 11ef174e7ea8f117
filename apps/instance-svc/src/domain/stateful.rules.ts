/** What an instance must be for its memory to be kept; the sentences are LXD's. Pure. */
import { WeftError, type InstanceSpec } from '@weft/contracts';
import { isTrue } from './config-values';
import type { LiveInstance } from './instance.state';

const refuse = (message: string): never => {
  throw new WeftError('instance.wrong-status', message);
};

/** Containers would need CRIU, which this version does not use. */
const requireKeepable = ({ type, config }: Pick<InstanceSpec, 'type' | 'config'>, what: string, ofContainer: string): void => {
  if (type === 'container') throw new WeftError('request.unsupported', ofContainer);
  if (!isTrue(config['migration.stateful'] ?? '')) refuse(`${what} requires migration.stateful to be set to true`);
};

export function statefulStop(spec: InstanceSpec): void {
  requireKeepable(spec, 'Stateful stop', "Unable to perform container live migration. CRIU isn't installed");
  if (spec.ephemeral) refuse('An ephemeral instance cannot be stopped with its state: nothing would be left to start');
}

export function statefulStart(instance: Pick<LiveInstance, 'stateful'>): void {
  if (!instance.stateful) refuse('Instance has no existing state to restore');
}

export function statefulSnapshot(spec: InstanceSpec, instance: Pick<LiveInstance, 'status'>): void {
  if (instance.status !== 'running' && instance.status !== 'frozen') refuse("Unable to create a stateful snapshot. The instance isn't running");
  requireKeepable(spec, 'Stateful snapshot', "Unable to create a stateful snapshot. CRIU isn't installed");
}

export function statefulRestore(snapshot: { stateful: boolean }): void {
  if (!snapshot.stateful) refuse('Instance has no existing state to restore');
}
