/** Whatever dies in mid-change comes back, the change ends well or says that it did not, and guests go on talking meanwhile. */
import { eventually } from '@weft/testing';
import type { Platform } from './platform';
import type { World } from './network-world';

const CENTRAL = ['ovn-northd', 'ovn-nb', 'ovn-sb', 'network-svc'];
/** Each of them dies once; those of a line at the same time. */
const TOGETHER = [['ovn-northd'], ['ovn-nb', 'ovn-sb'], ['network-svc'], ['ovn-controller-host3', 'agent-host3'], ['ovs-host3', 'ovsdb-host3']];

/** Registers the suite. */
export function networkFaults(of: () => Platform, world: World): void {
  const { ok, launch, addressOf, reaches } = world;
  let f1: string;
  let f2: string;
  beforeAll(async () => {
    await Promise.all([launch('f1', '--target', 'host1'), launch('f2', '--target', 'host2')]);
    [f1, f2] = await Promise.all([addressOf('f1'), addressOf('f2')]);
  });
  afterAll(() => ok('delete', '-f', 'f1', 'f2'));

  const pidOf = (part: string): number => (CENTRAL.includes(part) || part.startsWith('agent') ? of().pid(part) : world.memberPid(part));

  /** A change may be refused while its part is away; it says so, and then goes through. */
  const again = (what: string, ...args: string[]) =>
    eventually(
      async () => {
        const { exitCode, stderr } = await of().lxc(args);
        if (exitCode === 0 || stderr.includes('already exists')) return true;
        throw new Error(stderr);
      },
      { timeoutMs: 90_000, intervalMs: 500, what },
    );

  /** Grows in the middle of the change that the victim has a part in. */
  const rowsOf = async (victim: string): Promise<number> => {
    const table = CENTRAL.includes(victim) ? 'Logical_Switch' : 'Logical_Switch_Port';
    return (await world.nbctl('--bare', '--columns=name', 'list', table)).split('\n').length;
  };

  describe.each(TOGETHER.map((victims) => ({ victims })))('$victims die', ({ victims }) => {
    it('in mid-change', async () => {
      const [victim = ''] = victims;
      const before = victims.map(pidOf);
      const rows = await rowsOf(victim);
      const changes = Promise.all([
        of().lxc(['launch', 'tiny', 'k1', '--target', 'host3']),
        of().lxc(['network', 'create', 'late', '--type=ovn', 'network=UPLINK']),
      ]);
      let ended = false;
      void changes.then(() => (ended = true));
      // The northbound database itself dies before it has anything.
      if (victim !== 'ovn-nb') await eventually(async () => ended || (await rowsOf(victim)) > rows, { timeoutMs: 60_000, intervalMs: 10 });
      for (const pid of before) process.kill(pid, 'SIGKILL');
      await changes;
      const isBack = () => victims.every((name, at) => pidOf(name) !== before[at]);
      await eventually(isBack, { timeoutMs: 60_000, what: `others of ${victims.join(', ')}` });
      await again('the instance', 'init', 'tiny', 'k1', '--target', 'host3');
      await again('the network', 'network', 'create', 'late', '--type=ovn', 'network=UPLINK');
      const start = async () => {
        const { stderr } = await of().lxc(['start', 'k1']);
        return stderr.includes('already running') || (await world.state('k1')).pid > 0;
      };
      await eventually(start, { timeoutMs: 90_000, intervalMs: 500, what: 'its start' });
      const k1 = await addressOf('k1');
      await eventually(async () => (await reaches('f1', k1)) && (await reaches('f1', f2)) && (await reaches('k1', f1)), { timeoutMs: 60_000 });
      await eventually(() => reaches('f1', '203.0.113.9'), { timeoutMs: 30_000, what: 'the outside' });
      await ok('network', 'delete', 'late');
      await ok('delete', '-f', 'k1');
    });
  });

  it('a host that stands still blocks no change, and catches up', async () => {
    await launch('k3', '--target', 'host3');
    const k3 = await addressOf('k3');
    await ok('network', 'acl', 'create', 'shut');
    await ok('config', 'device', 'override', 'k3', 'eth0', 'security.acls=shut');
    await eventually(async () => !(await reaches('f1', k3)), { timeoutMs: 30_000 });
    const controller = world.memberPid('ovn-controller-host3');
    process.kill(controller, 'SIGSTOP');
    try {
      const began = performance.now();
      await ok('network', 'acl', 'rule', 'add', 'shut', 'ingress', 'action=allow', 'protocol=icmp4');
      await ok('network', 'create', 'late', '--type=ovn', 'network=UPLINK');
      await launch('k2', '--network', 'late', '--target', 'host2');
      await ok('delete', '-f', 'k2');
      await ok('network', 'delete', 'late');
      expect(performance.now() - began).toBeLessThan(60_000);
      expect(await reaches('f1', k3)).toBe(false);
    } finally {
      process.kill(controller, 'SIGCONT');
    }
    await eventually(() => reaches('f1', k3), { timeoutMs: 30_000, what: 'what host3 has missed' });
    await ok('delete', '-f', 'k3');
    await ok('network', 'acl', 'delete', 'shut');
  });

  it('nothing is left to mend', async () => {
    const ports = await world.nbctl('--bare', '--columns=name', 'find', 'Logical_Switch_Port', 'type=""');
    expect(ports).not.toMatch(/-k\d/);
    const { stdout } = await of().lxc(['network', 'list', '-f', 'csv']);
    expect(stdout).not.toContain('late');
  });
}
