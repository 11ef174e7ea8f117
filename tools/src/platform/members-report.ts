import { eventually } from '@weft/embedded';
import { callApi } from '../guests/api';

const LONGEST_MS = 30_000;

/**
 * Resolves when the platform has heard from every member: only then can a member take an instance. Agents that serve
 * tell so within a second.
 *
 * @throws Error that names the members that have not been heard of in time
 */
export async function untilMembersReport(unixSocket: string, memberCount: number, timeoutMs = LONGEST_MS): Promise<void> {
  let silent = Array.from({ length: memberCount }, (_, index) => `host${index + 1}`);
  const allReport = async () => {
    const answers = await Promise.all(silent.map(async (name) => ({ name, online: await isOnline(unixSocket, name) })));
    silent = answers.filter(({ online }) => !online).map(({ name }) => name);
    return silent.length === 0;
  };
  await eventually(allReport, { timeoutMs, what: 'members' }).catch((cause: unknown) => {
    throw new Error(`not heard of in ${timeoutMs / 1000} s: ${silent.join(', ')}`, { cause });
  });
}

/** A member that has never been heard of does not exist for the API. */
const isOnline = async (unixSocket: string, name: string): Promise<boolean> => {
  const member = await callApi<{ status: string }>(unixSocket, 'GET', `/1.0/cluster/members/${name}`).catch(() => undefined);
  return member?.status === 'Online';
};
