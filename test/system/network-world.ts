/** What the suites of networks share: guests of one platform with three hosts, and how to look at their packets. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { eventually } from '@weft/testing';
import { keyOf, namespacePrefix } from '../../tools/src/network/network-plan';
import type { Platform } from './platform';

export type World = ReturnType<typeof networkWorld>;

interface InstanceState {
  pid: number;
  network: Record<string, { hwaddr: string; addresses: { family: string; address: string; scope: string }[] }> | null;
}

/** @param of the platform, once it has started */
export function networkWorld(of: () => Platform) {
  const ok = (...args: string[]): Promise<string> => of().ok(args);
  const inNamespace = (name: string, ...command: string[]) => execa('ip', ['netns', 'exec', `${namespacePrefix(keyOf(of().dir))}${name}`, ...command]);
  const state = (name: string, project = 'default') => of().query<InstanceState>(`/1.0/instances/${name}/state?project=${project}`);
  const central = (program: 'ovn-nbctl' | 'ovn-trace', database: 'nb' | 'sb', ...args: string[]) =>
    execa(program, [`--db=unix:${join(of().dir, 'run/ovn', `${database}.sock`)}`, ...args]).then(({ stdout }) => stdout);

  return {
    ok,
    refused: (...args: string[]): Promise<string> => of().refused(args),
    launch: (name: string, ...more: string[]) => ok('launch', 'tiny', name, ...more),
    inNamespace,
    state,
    nbctl: (...args: string[]) => central('ovn-nbctl', 'nb', ...args),
    trace: (...args: string[]) => central('ovn-trace', 'sb', ...args),

    /** The address that the guest itself shows. */
    addressOf: (name: string, project = 'default', family: 'inet' | 'inet6' = 'inet'): Promise<string> =>
      eventually(async () => (await state(name, project)).network?.eth0?.addresses.find((one) => one.family === family && one.scope === 'global')?.address, {
        timeoutMs: 90_000,
        what: `an address of ${name}`,
      }),

    /** One of several packets is enough, and ends it: the first may go with the question where the other side is. */
    reaches: async (from: string, address: string, more: string[] = []): Promise<boolean> => {
      const ping = address.includes(':') ? 'ping6' : 'ping';
      const script = `for turn in 1 2 3 4; do ${ping} -c 1 -W 1 ${address} && exit 0; done; exit 1`;
      return (await of().lxc(['exec', from, ...more, '--', 'sh', '-c', script])).exitCode === 0;
    },

    /** Packets that all members have sent to the uplink. */
    async uplinkPackets(): Promise<number> {
      const counts = await Promise.all(
        ['host1', 'host2', 'host3'].map(async (host) => {
          const { stdout } = await inNamespace(host, 'cat', '/proc/net/dev');
          const line = stdout.split('\n').find((one) => one.trim().startsWith('uplink0:')) ?? '';
          // proc_net_dev(5): eight counters of what was received, then bytes and packets that were sent.
          return Number(line.split(':')[1]?.trim().split(/\s+/)[9]);
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },

    /** Process id of a member's switch, its database or ovn-controller: `ovs-host1`, `ovsdb-host1`, `ovn-controller-host1`. */
    memberPid: (name: string): number =>
      Number(
        readFileSync(join(of().dir, 'run/ovn', name.split('-').at(-1)!, `${name}.pid`), 'utf8')
          .trim()
          .split(/\s/)[0],
      ),
  };
}
