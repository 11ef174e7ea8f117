import { derivedId, isTrue, type Meta } from '@weft/contracts';
import { z } from 'zod';
import { FEATURES } from '../domain/project.config-keys';
import type { ProjectState } from '../domain/project.state';
import type { Deps } from '../instance.deps';

const usage = z.object({ usedBy: z.array(z.string()) });
const ANSWER_LIMIT_MS = 10_000;

/**
 * Is a project without networks, ACLs and peer groups of its own? One that uses those of `default` is, unasked.
 * @throws WeftError `service.unavailable`: what is not known to be empty is not deleted
 */
export async function isWithoutNetworks({ networks }: Pick<Deps, 'networks'>, meta: Meta, state: ProjectState): Promise<boolean> {
  if (state.status !== 'active' || !isTrue(state.config['features.networks'])) return true;
  const cause = { meta, commandId: derivedId(meta.commandId, 'network.project-usage'), timeoutMs: ANSWER_LIMIT_MS };
  return usage.parse(await networks.call('network.project-usage', { project: state.name }, cause)).usedBy.length === 0;
}

/** The same before an update: only a change of features needs to know. */
export async function mayChangeFeatures(
  deps: Pick<Deps, 'networks'>,
  meta: Meta,
  state: ProjectState,
  { mode, config = {} }: { mode: 'replace' | 'merge'; config?: Record<string, string> },
): Promise<boolean> {
  if (state.status !== 'active') return true;
  const next: Readonly<Record<string, string>> = mode === 'merge' ? { ...state.config, ...config } : config;
  const changes = FEATURES.some((key) => isTrue(next[key]) !== isTrue(state.config[key]));
  return !changes || isWithoutNetworks(deps, meta, state);
}
