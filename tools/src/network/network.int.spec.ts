/** Real namespaces, wires and rules of this machine, under names of their own. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, scratchDir } from '@weft/testing';
import { makePlaces, places, type Places } from '../places';
import { namespacesOf } from './fabric';
import { withMachineLock } from './machine-lock';
import { inside, ip, linksIn, namespacePath, run } from './net-tools';
import { prepareNetwork, removeNetwork } from './network';
import type { MemberPlan, NetworkPlan } from './network-plan';

jest.setTimeout(120_000);

describe("a platform's network", () => {
  const open: { at: Places; remove(): Promise<void> }[] = [];
  const newPlace = async (): Promise<Places> => {
    const scratch = await scratchDir();
    const at = places(join(scratch.path, 'w'));
    makePlaces(at);
    open.push({ at, remove: scratch.remove });
    return at;
  };
  afterEach(async () => {
    for (const { at, remove } of open.splice(0)) {
      await removeNetwork(at);
      await remove();
    }
  });

  const reaches = async (from: MemberPlan, address: string): Promise<boolean> =>
    run(...inside(from.namespace, 'busybox', ['ping', '-c', '1', '-W', '2', address])).then(
      () => true,
      () => false,
    );
  const indexes = async (plan: NetworkPlan): Promise<string> => {
    const names = [plan.fabricNamespace, ...plan.members.map(({ namespace }) => namespace)];
    const lists = await Promise.all(names.map((name) => run('ip', ['-netns', name, '-oneline', 'link', 'show'])));
    return lists.join('').replace(/^(\d+: [^:]+).*$/gm, '$1');
  };
  const tables = () => run('nft', ['list', 'tables']);
  const users = () => (JSON.parse(readFileSync('/run/weft/forwarding.json', 'utf8')) as { platforms: string[] }).platforms;

  it('joins members, each with the machine and the uplink; a repeat changes nothing', async () => {
    const at = await newPlace();
    const { plan } = await prepareNetwork(at, ['host1', 'host2']);
    const [one, two] = plan.members as [MemberPlan, MemberPlan];
    expect([await reaches(one, two.address), await reaches(two, plan.machineAddress)]).toEqual([true, true]);
    expect(await linksIn(one.namespace)).toEqual(new Set(['lo', 'mgmt0', 'fabric0', 'uplink0']));
    const before = await indexes(plan);
    expect((await prepareNetwork(at, ['host1', 'host2'])).plan).toEqual(plan);
    expect(await indexes(plan)).toBe(before);
    expect((await prepareNetwork(at, ['host1', 'host2', 'host3'])).plan.members).toHaveLength(3);
    expect(await indexes(plan)).toContain(before.split('\n')[0]);
  });

  it("hears what is sent to a member on that member's own wire only", async () => {
    const { plan } = await prepareNetwork(await newPlace(), ['host1', 'host2']);
    const [one, two] = plan.members as [MemberPlan, MemberPlan];
    await ip(two.namespace, ['link set mgmt0 arp off']);
    expect(await reaches(one, two.address)).toBe(false);
    expect(await run('ip', ['-netns', one.namespace, 'neighbor', 'show', two.address])).not.toContain('lladdr');
  });

  it('keeps what comes from the uplink away from members and control plane', async () => {
    const { plan } = await prepareNetwork(await newPlace(), ['host1']);
    const [member] = plan.members as [MemberPlan];
    // The member in the place of a guest: an address of the uplink, and no way but through it.
    const guest = plan.uplink.gateway.replace(/\.1$/, '.200');
    await ip(member.namespace, [
      'link set mgmt0 down',
      `address add ${guest}/${plan.uplink.prefixBits} dev uplink0`,
      `route replace default via ${plan.uplink.gateway}`,
    ]);
    await eventually(() => reaches(member, plan.uplink.gateway), { what: 'the gateway of the uplink' });
    expect(await reaches(member, plan.machineAddress)).toBe(false);
  });

  it('mends what is missing: a name without a namespace, a wire with one end', async () => {
    const at = await newPlace();
    const { plan } = await prepareNetwork(at, ['host1']);
    const [member] = plan.members as [MemberPlan];
    await run('ip', ['netns', 'delete', member.namespace]);
    mkdirSync('/run/netns', { recursive: true });
    writeFileSync(namespacePath(member.namespace), '');
    await prepareNetwork(at, ['host1']);
    await ip(plan.fabricNamespace, ['link delete uplink1']);
    await prepareNetwork(at, ['host1']);
    expect(await reaches(member, plan.machineAddress)).toBe(true);
    expect(await linksIn(member.namespace)).toContain('uplink0');
  });

  it('leaves another platform alone, and nothing of its own', async () => {
    const [one, two] = [await newPlace(), await newPlace()];
    const [first, second] = await Promise.all([prepareNetwork(one, ['host1']), prepareNetwork(two, ['host1'])]);
    expect(first.plan.subnet).not.toBe(second.plan.subnet);
    expect(users()).toEqual(expect.arrayContaining([first.plan.key, second.plan.key]));
    expect(await removeNetwork(one)).toBe(2);
    expect(users()).toContain(second.plan.key);
    expect(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim()).toBe('1');
    expect(await reaches(second.plan.members[0]!, second.plan.machineAddress)).toBe(true);
    expect(namespacesOf(first.plan.key)).toEqual([]);
    expect([...(await linksIn())]).not.toContain(first.plan.machineLink);
    expect(await tables()).not.toContain(first.plan.key);
    await run('nft', ['add', 'table', 'inet', 'weft_000000']);
    await prepareNetwork(two, ['host1']);
    expect(await tables()).not.toContain('weft_000000');
    expect(await removeNetwork(one)).toBe(0);
  });

  it('keeps its addresses, and says so when somebody else has them', async () => {
    const at = await newPlace();
    const { plan } = await prepareNetwork(at, ['host1']);
    await removeNetwork(at);
    expect((await prepareNetwork(at, ['host1'])).plan).toEqual(plan);
    await removeNetwork(at);
    await run('ip', ['route', 'add', 'unreachable', plan.uplink.subnet]);
    try {
      await expect(prepareNetwork(at, ['host1'])).rejects.toThrow(/is in use on this machine by something else/);
    } finally {
      await run('ip', ['route', 'delete', 'unreachable', plan.uplink.subnet]);
    }
    rmSync(at.networkPlan);
  });

  it('waits while another platform changes what they share', async () => {
    const order: string[] = [];
    await Promise.all(
      ['a', 'b'].map((name) =>
        withMachineLock(async () => {
          order.push(`${name} in`);
          await linksIn();
          order.push(`${name} out`);
        }),
      ),
    );
    expect(order.map((entry) => entry.slice(2))).toEqual(['in', 'out', 'in', 'out']);
  });
});
