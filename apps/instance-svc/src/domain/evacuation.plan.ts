/**
 * What becomes of an instance when its member is evacuated, and when the member is there again. Pure.
 *
 *   cluster.evacuate   leaves                                                            returns
 *   auto               as migrate; a virtual machine with migration.stateful as          as it left
 *                      live-migrate if nothing is in its way; as stop if it needs
 *                      something of this very host
 *   migrate            stopped, moved, started (stopped: moved)                          the same way
 *   live-migrate       with its memory                                                   the same way
 *   stop               is stopped where it is                                            is started
 *
 * A mode in the request stands above what instances say (LXD 5.0, `POST /1.0/cluster/members/<name>/state`).
 */
import type { InstanceSpec } from '@weft/contracts';
import { isTrue } from './config-values';
import type { LiveStatus } from './instance.state';

export const EVACUATE_KEY = 'cluster.evacuate';
export const EVACUATION_MODES = ['auto', 'migrate', 'live-migrate', 'stop'] as const;
export type EvacuationMode = (typeof EVACUATION_MODES)[number];

export interface Resident {
  status: LiveStatus;
  /** Expanded by its profiles. */
  spec: Pick<InstanceSpec, 'type' | 'config' | 'devices' | 'ephemeral'>;
}

/** One thing to do for an instance; an order of a person would be the same. */
export type Errand =
  /** `elseRestart`: when its memory cannot go along, it is stopped for the move. */
  | { kind: 'move'; live: boolean; elseRestart: boolean }
  | { kind: 'stop'; force: boolean; timeoutSeconds: number }
  | { kind: 'start' }
  | { kind: 'refuse'; reason: string };

/** LXD's default of boot.host_shutdown_timeout. */
const SHUTDOWN_SECONDS = 30;

/** @returns undefined when it can stay as it is: stopped, and nobody wants to move it */
export function leave({ status, spec }: Resident, mode: EvacuationMode | ''): Errand | undefined {
  const policy = mode || modeOf(spec);
  const stays = policy === 'stop' || (policy === 'auto' && isHostBound(spec));
  if (!stays) return { kind: 'move', live: policy === 'live-migrate' || (policy === 'auto' && isStateful(spec)), elseRestart: policy === 'auto' };
  if (status === 'stopped' || status === 'error') return undefined;
  if (spec.ephemeral) return { kind: 'refuse', reason: 'it is ephemeral, a stop would delete it: move or delete it yourself' };
  const timeoutSeconds = Number(spec.config['boot.host_shutdown_timeout'] || SHUTDOWN_SECONDS);
  return { kind: 'stop', force: status === 'frozen' || timeoutSeconds === 0, timeoutSeconds };
}

/** `elsewhere`: it was moved away. @returns undefined when there is nothing to do */
export function comeBack({ status, spec }: Resident, elsewhere: boolean): Errand | undefined {
  if (elsewhere) return { kind: 'move', live: modeOf(spec) !== 'migrate' && isStateful(spec), elseRestart: modeOf(spec) !== 'live-migrate' };
  return status === 'stopped' && spec.config['volatile.last_state.power'] === 'RUNNING' ? { kind: 'start' } : undefined;
}

const modeOf = ({ config }: Resident['spec']): EvacuationMode => EVACUATION_MODES.find((mode) => mode === config[EVACUATE_KEY]) ?? 'auto';

const isStateful = ({ type, config }: Resident['spec']): boolean => type === 'virtual-machine' && isTrue(config['migration.stateful']);

/** A directory or file of the host, which another host does not have. */
const isHostBound = ({ devices }: Resident['spec']): boolean =>
  Object.values(devices).some(({ type, source, path }) => type === 'disk' && path !== '/' && source?.startsWith('/') === true);
