import { WeftError } from '@weft/contracts';
import { placeInstance, readTarget, type Candidate, type Placement, type PlacementNeeds } from '../domain/placement';
import type { Deps } from '../instance.deps';
import { findClusterGroups, findMemberPolicies } from '../queries/find-members';

/** Which of the members come into question at all. */
type Among = (members: readonly Candidate[]) => readonly Candidate[];
const everyone: Among = (members) => members;

/**
 * Chooses a member: what hosts report and what administrators say of them go into one decision.
 * @param target `?target=`: a member, `@` and a cluster group, or ""
 */
export async function place(deps: Deps, target: string, needs: Omit<PlacementNeeds, 'target' | 'group'>, among: Among = everyone): Promise<Placement> {
  const wanted = readTarget(target);
  if (wanted.group && !(await findClusterGroups(deps.pool)).some(({ name }) => name === wanted.group))
    throw new WeftError('cluster-group.not-found', `Cluster group "${wanted.group}" doesn't exist`);
  await deps.members.heard(wanted.target || undefined);
  const policies = await findMemberPolicies(deps.pool);
  await deps.placed.refresh();
  // From here to the choice nothing waits: whoever comes next sees it.
  const candidates = deps.members.candidates().map((one) => ({ ...one, policy: policies.get(one.name), placed: deps.placed.of(one.name) }));
  const placement = placeInstance(among(candidates), { ...needs, ...wanted });
  deps.placed.choose(placement.member);
  return placement;
}
