/** What a project has in other services: networks, ACLs and peer groups; zones. A project that uses those of `default` has none, unasked. */
import { derivedId, type Meta } from '@weft/contracts';
import { z } from 'zod';
import { changedFeatures, hasFeature } from '../domain/project.features';
import type { ProjectState } from '../domain/project.state';
import type { Deps } from '../instance.deps';

type Clients = Pick<Deps, 'networks' | 'zones'>;

const usage = z.object({ usedBy: z.array(z.string()) });
const ANSWER_LIMIT_MS = 10_000;

/**
 * Has a project nothing in other services?
 * @throws WeftError `service.unavailable`: what is not known to be empty is not deleted
 */
export async function isUnusedElsewhere({ networks, zones }: Clients, meta: Meta, state: ProjectState): Promise<boolean> {
  if (state.status !== 'active') return true;
  const body = { project: state.name };
  const cause = (name: string) => ({ meta, commandId: derivedId(meta.commandId, name), timeoutMs: ANSWER_LIMIT_MS });
  const answers = await Promise.all([
    hasFeature(state.config, 'features.networks') ? networks.call('network.project-usage', body, cause('network.project-usage')) : { usedBy: [] },
    hasFeature(state.config, 'features.networks.zones') ? zones.call('zone.project-usage', body, cause('zone.project-usage')) : { usedBy: [] },
  ]);
  return answers.every((answer) => usage.parse(answer).usedBy.length === 0);
}

/** The same before an update: only a change of features needs to know. */
export async function mayChangeFeatures(
  clients: Clients,
  meta: Meta,
  state: ProjectState,
  { mode, config = {} }: { mode: 'replace' | 'merge'; config?: Record<string, string> },
): Promise<boolean> {
  if (state.status !== 'active') return true;
  const next = mode === 'merge' ? { ...state.config, ...config } : config;
  return changedFeatures(state.config, next).length === 0 || isUnusedElsewhere(clients, meta, state);
}
