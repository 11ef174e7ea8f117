import { createLogger } from '@weft/platform';
import { eventually } from '@weft/testing';
import { HostNetwork } from './host-network';
import { startTestSwitch, tapOf, type TestSwitch } from './host-switch.fixture';

jest.setTimeout(60_000);

describe("a host's network", () => {
  let ovs: TestSwitch;
  beforeAll(async () => {
    ovs = await startTestSwitch();
  });
  afterAll(() => ovs.stop());

  const plugged = (instanceId: string) => ovs.plug(tapOf(instanceId));
  /** Waits for ovs-vswitchd. */
  const openFlowPort = async (link: string): Promise<number> => {
    await ovs.vsctl('set', 'Open_vSwitch', '.', 'external_ids:test=1');
    return Number(await ovs.vsctl('get', 'Interface', link, 'ofport'));
  };

  it('finds what is plugged in, whoever did it', async () => {
    const made = await plugged('one');
    expect(await ovs.network.plugged('one')).toEqual([{ ...made, ifindex: await ovs.network.links.indexOf(made.link) }]);
    expect(await ovs.network.plugged('another')).toEqual([]);
    await ovs.network.plug([{ ...made, ifaceId: 'other' }]);
    expect(await ovs.ifaceIds('one')).toEqual(['other']);
  });

  it('survives the end of ovs-vswitchd', async () => {
    const made = await plugged('survivor');
    expect(await openFlowPort(made.link)).toBeGreaterThan(0);
    await ovs.killSwitch();
    expect(await openFlowPort(made.link)).toBeGreaterThan(0);
  });

  it('takes no interface of the host for a guest', async () => {
    await ovs.vsctl('add-port', 'br-int', 'hosts-own', '--', 'set', 'Interface', 'hosts-own', 'type=internal');
    await expect(ovs.network.plug([{ ...tapOf('thief'), link: 'hosts-own' }])).rejects.toMatchObject({ code: 'device.invalid' });
    await expect(ovs.network.plug([tapOf('wireless')])).rejects.toMatchObject({ code: 'task.failed' });
    expect(await ovs.ifaceIds('thief')).toEqual([]);
  });

  it('sweeps what guests that ended have left, and nothing else', async () => {
    await ovs.vsctl('--may-exist', 'add-port', 'br-int', 'foreign', '--', 'set', 'Interface', 'foreign', 'type=internal');
    const [ended, running] = [await plugged('ended'), await plugged('running')];
    await ovs.network.sweep((id) => Promise.resolve(id === 'running'));
    expect(await ovs.wires()).toContain(running.link);
    expect(await ovs.wires()).not.toContain(ended.link);
    expect(await ovs.ifaceIds('ended')).toEqual([]);
    expect(await ovs.ifaceIds('running')).toEqual(['port-running']);
    expect(await ovs.vsctl('list-ports', 'br-int')).toContain('foreign');
  });

  it('plugs a link in anew that another one has replaced by name', async () => {
    const made = await plugged('again');
    const { links, network } = { links: ovs.network.links, network: ovs.network };
    await links.remove(made.link);
    await links.makeTap(made);
    const index = await links.indexOf(made.link);
    expect((await network.plugged('again'))[0]!.ifindex).not.toBe(index);
    await network.replug('again');
    expect((await network.plugged('again'))[0]!.ifindex).toBe(index);
    expect(await openFlowPort(made.link)).toBeGreaterThan(0);
  });

  it('plugs wires in as somebody else makes them, but none that is left from before', async () => {
    // An agent looks into its own namespace.
    const own = new HostNetwork({ endpoint: ovs.endpoint, logger: createLogger('network', 'fatal') });
    const [left, made] = [tapOf('left', { link: 'weft-t-left' }), tapOf('made', { link: 'weft-t-made' })];
    const wire = (link: string) => own.links.run('ip', ['link', 'add', link, 'up', 'type', 'veth', 'peer', 'name', `${link}-x`]);
    try {
      await wire(left.link);
      const ended = new AbortController();
      const plugging = own.plugAsMade([left, made], await own.leftovers([left, made]), ended.signal);
      await wire(made.link);
      await eventually(async () => (await ovs.ifaceIds('made')).length > 0, { what: 'a port' });
      ended.abort();
      expect(await plugging).toEqual([made]);
      expect([await ovs.ifaceIds('made'), await ovs.ifaceIds('left')]).toEqual([['port-made'], []]);
    } finally {
      for (const { link } of [left, made]) await own.links.remove(link);
      await own.close();
    }
  });

  it('maps physical networks to interfaces, the whole list each time', async () => {
    const mappings = () => ovs.vsctl('get', 'Open_vSwitch', '.', 'external_ids:ovn-bridge-mappings');
    for (const name of ['up0', 'enp65s0f0np0v12']) await ovs.network.links.run('ip', ['link', 'add', name, 'type', 'veth']);
    const uplinks = [
      { name: 'UPLINK', parent: 'up0' },
      { name: 'SECOND', parent: 'enp65s0f0np0v12' },
      { name: 'THIRD', parent: 'up0' },
    ];
    for (let round = 0; round < 2; round += 1) await ovs.network.configureUplinks(uplinks);
    expect((await mappings()).trim()).toBe('"UPLINK:br-up0,SECOND:br-65s0f0np0v12,THIRD:br-up0"');
    expect((await ovs.vsctl('list-ports', 'br-65s0f0np0v12')).trim()).toBe('enp65s0f0np0v12');
    await eventually(async () => (await openFlowPort('up0')) > 0);
    await expect(ovs.network.configureUplinks([{ name: 'X', parent: 'missing0' }])).rejects.toMatchObject({ code: 'device.invalid' });
    await ovs.network.configureUplinks([uplinks[0]!]);
    expect((await mappings()).trim()).toBe('"UPLINK:br-up0"');
  });
});
