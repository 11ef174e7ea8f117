/** Which instances come back when their host does, and in which order (LXD: boot.autostart*). Pure. */
import { isTrue } from './config-values';
import type { StringMap } from './instance.state';

export interface Sleeping {
  name: string;
  project: string;
  /** Expanded. */
  config: StringMap;
}

export interface AutostartStep {
  name: string;
  project: string;
  /** To wait behind this one before the next. */
  delaySeconds: number;
}

/** An instance that its host's end stopped comes back, unless `boot.autostart` says no. `config` is expanded. */
export const comesBack = (config: StringMap): boolean =>
  config['volatile.last_state.power'] === 'RUNNING' && (!config['boot.autostart'] || isTrue(config['boot.autostart']));

/** The highest priority is first. */
export const planAutostart = (instances: readonly Sleeping[]): AutostartStep[] =>
  [...instances]
    .sort((a, b) => number(b, 'boot.autostart.priority') - number(a, 'boot.autostart.priority') || (a.name < b.name ? -1 : 1))
    .map((one) => ({ name: one.name, project: one.project, delaySeconds: number(one, 'boot.autostart.delay') }));

const number = ({ config }: Sleeping, key: string): number => Number(config[key] ?? 0) || 0;
