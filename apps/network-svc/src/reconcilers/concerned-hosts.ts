import type { DesiredState } from '@weft/ovn';
import type { Queryable } from '../queries/database';
import { membersOn } from '../queries/find-ports';

/**
 * Hosts that a change of these networks, or of what is on them, means flows for: where their active ports are, and where their routers'
 * outer ports are by right. Sorted.
 */
export async function concernedHosts(pool: Queryable, { networks }: DesiredState): Promise<string[]> {
  const gateways = networks.flatMap(({ uplink }) => {
    const [first] = [...(uplink?.chassis ?? [])].sort((left, right) => right.priority - left.priority);
    return first ? [first.name] : [];
  });
  const members = await membersOn(
    pool,
    networks.map(({ id }) => id),
  );
  return [...new Set([...gateways, ...members])].sort();
}
