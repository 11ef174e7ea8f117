/**
 * Which interface of each host leads to which physical network. Hosts keep the list over restarts; they are told when it changes, when
 * their agent starts, and from time to time.
 */
import { WeftError } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import type { HostClient, HostUplink } from '../clients/host.client';
import type { Queryable } from '../queries/database';

interface Parts {
  pool: Queryable;
  hosts: HostClient;
}

/** A physical network: what all members have, and what each has for itself. */
interface Uplink {
  name: string;
  config: Readonly<Record<string, string>>;
  memberConfig: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const uplinksOf = async (pool: Queryable): Promise<Uplink[]> => {
  const { rows } = await pool.query<Uplink>(`SELECT name, config, member_config AS "memberConfig" FROM network WHERE type = 'physical' ORDER BY name`);
  return rows;
};

/** What leads to them from a member. One that came later than a network with a parent for each has none there. */
const parentsOn = (member: string, uplinks: readonly Uplink[]): HostUplink[] =>
  uplinks.flatMap(({ name, config, memberConfig }) => {
    const parent = memberConfig[member]?.['parent'] ?? config['parent'];
    return parent ? [{ name, parent }] : [];
  });

export const hasSameParents = (left: Uplink, right: Uplink): boolean =>
  ['', ...Object.keys(left.memberConfig), ...Object.keys(right.memberConfig)].every(
    (member) => parentsOn(member, [left])[0]?.parent === parentsOn(member, [right])[0]?.parent,
  );

export const membersOf = async (pool: Queryable): Promise<string[]> =>
  (await pool.query<{ name: string }>('SELECT name FROM member ORDER BY name')).rows.map(({ name }) => name);

/** Tells all members what is recorded. Those that cannot have it are told of in the log: it was right when it was recorded. */
export async function tellHosts({ pool, hosts }: Parts, log: Logger, members?: readonly string[]): Promise<void> {
  const uplinks = await uplinksOf(pool);
  await Promise.all(
    (members ?? (await membersOf(pool))).map((member) =>
      hosts
        .configureUplinks(member, parentsOn(member, uplinks))
        .catch((error: unknown) => log.warn({ err: error, member }, 'a member cannot have the uplinks')),
    ),
  );
}

/**
 * Gives the members an uplink that is about to be recorded; members that do not answer are no obstacle.
 * @throws WeftError `network.invalid` when one lacks the interface; then all have what is recorded
 */
export async function offerUplink(parts: Parts, log: Logger, wanted: Uplink): Promise<void> {
  const uplinks = [...(await uplinksOf(parts.pool)).filter(({ name }) => name !== wanted.name), wanted];
  const members = await membersOf(parts.pool);
  const outcomes = await Promise.allSettled(members.map((member) => parts.hosts.configureUplinks(member, parentsOn(member, uplinks))));
  const at = outcomes.findIndex(({ status }) => status === 'rejected');
  if (at < 0) return;
  await tellHosts(parts, log);
  const { reason } = outcomes[at] as PromiseRejectedResult;
  if (!(reason instanceof WeftError)) throw reason;
  throw new WeftError('network.invalid', `Member "${members[at]}" cannot have network "${wanted.name}": ${reason.message}`, { cause: reason });
}

/** Tells hosts as their agents start, and everybody every `everyMs`. @returns its end */
export function followHosts(parts: Parts, log: Logger, everyMs: number): () => void {
  const tell = (members?: readonly string[]): void => {
    tellHosts(parts, log, members).catch((error: unknown) => log.warn({ err: error }, 'members were not told of their uplinks'));
  };
  parts.hosts.onStart((member) => tell([member]));
  const timer = setInterval(tell, everyMs);
  return () => clearInterval(timer);
}
