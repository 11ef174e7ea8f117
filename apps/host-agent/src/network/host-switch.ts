/**
 * Open vSwitch of this host, through its database (ovs-vswitchd.conf.db(5)). ovn-controller makes br-int and binds each
 * interface there to the logical port that `external_ids:iface-id` names (ovn-controller(8)).
 *
 * What belongs to a guest carries `weft:instance`, the wire of a resolver `weft:resolver-of`; nothing else is ever touched.
 */
import { guestResolver, WeftError } from '@weft/contracts';
import { named, OpenVSwitch, operationsOn, OvsdbClient, type Replica, type Row } from '@weft/ovsdb';
import type { Nic } from './nic';

const { OPEN_VSWITCH } = OpenVSwitch;
type Tables = OpenVSwitch.OpenVSwitchTables;
const ovs = operationsOn(OPEN_VSWITCH);

const INTEGRATION_BRIDGE = 'br-int';
const RESOLVER_OF = 'weft:resolver-of';
/** ovn-controller makes the bridge within a second of its start. */
const BRIDGE_TIMEOUT_MS = 15_000;
/** How long ovs-vswitchd may take to see a change; one that is down sees it when it is back. */
const APPLY_TIMEOUT_MS = 5_000;

/** One that is in the database. */
export interface PluggedNic extends Nic {
  /** Of the link when it was plugged in: another one behind the same name is not connected. */
  ifindex: number;
}

/** What is followed: whether ovs-vswitchd has made what it shall, and ovn-controller the flows of a port. */
const FOLLOWED = { Open_vSwitch: { columns: ['next_cfg', 'cur_cfg', 'external_ids'] }, Interface: { columns: ['name', 'external_ids'] } } as const;
/** ovn-controller's, when all flows of a port are in place (ovn-controller(8)). */
const INSTALLED = 'ovn-installed';

export class HostSwitch {
  private readonly client: OvsdbClient<Tables>;
  private copy: Promise<Replica<Tables, typeof FOLLOWED>> | undefined;

  /** @param endpoint such as unix:/run/openvswitch/db.sock */
  constructor(endpoint: string) {
    this.client = new OvsdbClient(OPEN_VSWITCH, { endpoints: endpoint, requestTimeoutMs: 20_000 });
  }

  close(): Promise<void> {
    return this.client.close();
  }

  /** Plugs the host's end into br-int. What was there by that name for a guest is replaced. */
  async plug(nic: PluggedNic): Promise<void> {
    const where = [['name', '==', nic.link]] as const;
    const [{ rows }] = await this.client.transact([ovs.select('Interface', [...where])]);
    if (rows[0] && !rows[0].external_ids['weft:instance'])
      throw new WeftError('device.invalid', `Device "${nic.device}": "${nic.link}" is an interface of the host's own`);
    if (rows[0]) return this.rename([...where], rows[0].external_ids, identityOf(nic));
    await this.client.transact([
      ovs.wait('Bridge', [['name', '==', INTEGRATION_BRIDGE]], '==', [{ name: INTEGRATION_BRIDGE }], { columns: ['name'], timeoutMs: BRIDGE_TIMEOUT_MS }),
      ovs.insert('Interface', { name: nic.link, external_ids: identityOf(nic) }, { name: 'nic' }),
      ovs.insert('Port', { name: nic.link, interfaces: [named('nic')], external_ids: { 'weft:instance': nic.instanceId } }, { name: 'port' }),
      ovs.mutate('Bridge', [['name', '==', INTEGRATION_BRIDGE]], [['ports', 'insert', [named('port')]]]),
    ]);
  }

  /** What ovn-controller has noted there stays, as long as the port is the same one. */
  private async rename(where: readonly (readonly ['name', '==', string])[], before: Readonly<Record<string, string>>, after: Record<string, string>) {
    const samePort = before['iface-id'] === after['iface-id'];
    const kept = Object.fromEntries(Object.entries(before).filter(([key]) => samePort && key.startsWith('ovn-')));
    await this.client.transact([ovs.update('Interface', [...where], { external_ids: { ...kept, ...after } })]);
  }

  /**
   * Waits until ovn-controller has the flows of these ports in place.
   * @returns the links that lack them when the time is over; none on a host without ovn-controller
   */
  async connected(links: readonly string[], timeoutMs: number): Promise<string[]> {
    const copy = await this.followed();
    const followsOvn = [...copy.table('Open_vSwitch').values()].some(({ external_ids: ids }) => ids['ovn-remote'] !== undefined);
    if (!followsOvn) return [];
    const late = (): string[] => {
      const installed = new Set([...copy.table('Interface').values()].flatMap(({ name, external_ids: ids }) => (ids[INSTALLED] === 'true' ? name : [])));
      return links.filter((link) => !installed.has(link));
    };
    await copy.until(() => late().length === 0, timeoutMs).catch(() => undefined);
    return late();
  }

  /** Plugs a link that is no guest's; one by that name is replaced. */
  async plugResolver(link: string, ifaceId: string, networkId: string): Promise<void> {
    await this.unplugResolvers([link]);
    const external_ids = { 'iface-id': ifaceId, [RESOLVER_OF]: networkId };
    await this.client.transact([
      ovs.insert('Interface', { name: link, external_ids }, { name: 'wire' }),
      ovs.insert('Port', { name: link, interfaces: [named('wire')], external_ids: { [RESOLVER_OF]: networkId } }, { name: 'port' }),
      ovs.mutate('Bridge', [['name', '==', INTEGRATION_BRIDGE]], [['ports', 'insert', [named('port')]]]),
    ]);
  }

  /** Names of the links that are plugged in for resolvers. */
  async resolverLinks(): Promise<string[]> {
    const [{ rows }] = await this.client.transact([ovs.select('Port', [])]);
    return rows.filter(({ external_ids: ids }) => ids[RESOLVER_OF] !== undefined).map(({ name }) => name);
  }

  unplugResolvers(links: readonly string[]): Promise<void> {
    return this.removePorts(links, RESOLVER_OF);
  }

  /** Takes ports away, and waits until ovs-vswitchd has let go of their links: it would miss new ones of the same name. */
  unplug(nics: readonly Nic[]): Promise<void> {
    return this.removePorts(
      nics.map(({ link }) => link),
      'weft:instance',
    );
  }

  private async removePorts(links: readonly string[], mark: string): Promise<void> {
    if (links.length === 0) return;
    const found = await this.client.transact(links.map((link) => ovs.select('Port', [['name', '==', link]])));
    const ports = found.flatMap(({ rows }) => rows).filter((port) => port.external_ids[mark] !== undefined);
    if (ports.length === 0) return;
    await this.client.transact(ports.map(({ _uuid }) => ovs.mutate('Bridge', [['ports', 'includes', [_uuid]]], [['ports', 'delete', [_uuid]]])));
    await this.applied();
  }

  /** Of one guest, or of all. */
  async plugged(instanceId?: string): Promise<PluggedNic[]> {
    const ofGuest = instanceId === undefined ? [] : [['external_ids', 'includes', { 'weft:instance': instanceId }] as const];
    const [{ rows }] = await this.client.transact([ovs.select('Interface', ofGuest)]);
    return rows.flatMap((row) => nicFrom(row) ?? []);
  }

  /** The same from the copy that the switch's database keeps up to date: a look at it costs nothing. */
  async known(instanceId: string): Promise<PluggedNic[]> {
    const copy = await this.followed();
    return [...copy.table('Interface').values()].flatMap((row) => (row.external_ids['weft:instance'] === instanceId ? (nicFrom(row) ?? []) : []));
  }

  /** A datapath in user space sees packets before hardware would have finished them. */
  async finishesChecksums(): Promise<boolean> {
    const [{ rows }] = await this.client.transact([ovs.select('Bridge', [['name', '==', INTEGRATION_BRIDGE]])]);
    return rows[0]?.datapath_type !== 'netdev';
  }

  /** A bridge for each physical interface, and which of them ovn-controller shall use for which physical network. */
  async mapUplinks(uplinks: readonly { name: string; parent: string; bridge: string }[]): Promise<void> {
    const [{ rows: bridges }] = await this.client.transact([ovs.select('Bridge', [])]);
    // Packets pass between bridges of one kind of datapath only.
    const datapath_type = bridges.find(({ name }) => name === INTEGRATION_BRIDGE)?.datapath_type ?? '';
    const missing = uplinks.filter(
      ({ bridge }, index) => !bridges.some(({ name }) => name === bridge) && uplinks.findIndex((one) => one.bridge === bridge) === index,
    );
    const mappings = uplinks.map(({ name, bridge }) => `${name}:${bridge}`).join(',');
    await this.client.transact([
      ...missing.flatMap(({ bridge, parent }, index) => bridgeWith(bridge, parent, datapath_type, index)),
      ovs.mutate('Open_vSwitch', [], [['external_ids', 'delete', ['ovn-bridge-mappings']]]),
      ovs.mutate('Open_vSwitch', [], [['external_ids', 'insert', { 'ovn-bridge-mappings': mappings }]]),
    ]);
    if (missing.length) await this.applied();
  }

  private followed(): Promise<Replica<Tables, typeof FOLLOWED>> {
    if (!this.copy) {
      this.copy = this.client.monitor(FOLLOWED);
      this.copy.catch(() => (this.copy = undefined));
    }
    return this.copy;
  }

  private async applied(): Promise<void> {
    const [, { rows }] = await this.client.transact([ovs.mutate('Open_vSwitch', [], [['next_cfg', '+=', 1]]), ovs.select('Open_vSwitch', [])]);
    const wanted = rows[0]?.next_cfg ?? 0;
    const copy = await this.followed();
    const isApplied = () => [...copy.table('Open_vSwitch').values()].some(({ cur_cfg }) => cur_cfg >= wanted);
    // One that is down starts from what the database says then.
    await copy.until(isApplied, APPLY_TIMEOUT_MS).catch(() => undefined);
  }
}

const bridgeWith = (bridge: string, parent: string, datapath_type: string, index: number) => {
  const row = (name: string) => `${name}${index}`;
  return [
    ovs.insert('Interface', { name: bridge, type: 'internal' }, { name: row('own') }),
    ovs.insert('Port', { name: bridge, interfaces: [named(row('own'))] }, { name: row('ownport') }),
    ovs.insert('Interface', { name: parent }, { name: row('parent') }),
    ovs.insert('Port', { name: parent, interfaces: [named(row('parent'))] }, { name: row('parentport') }),
    ovs.insert(
      'Bridge',
      { name: bridge, datapath_type, ports: [named(row('ownport')), named(row('parentport'))], external_ids: { 'weft:uplink': parent } },
      { name: row('bridge') },
    ),
    ovs.mutate('Open_vSwitch', [], [['bridges', 'insert', [named(row('bridge'))]]]),
  ];
};

const identityOf = (nic: PluggedNic): Record<string, string> => ({
  'iface-id': nic.ifaceId,
  'attached-mac': nic.hwaddr,
  'weft:instance': nic.instanceId,
  'weft:device': nic.device,
  'weft:guest-name': nic.guestName,
  'weft:mtu': String(nic.mtu),
  'weft:addresses': nic.addresses.join(','),
  'weft:ifindex': String(nic.ifindex),
  ...(nic.resolver && { 'weft:resolver': JSON.stringify(nic.resolver) }),
});

const nicFrom = ({ name, external_ids: ids }: Pick<Row<OpenVSwitch.Interface>, 'name' | 'external_ids'>): PluggedNic | undefined => {
  const instanceId = ids['weft:instance'];
  if (instanceId === undefined) return undefined;
  return {
    instanceId,
    link: name,
    device: ids['weft:device'] ?? '',
    ifaceId: ids['iface-id'] ?? '',
    guestName: ids['weft:guest-name'] ?? '',
    hwaddr: ids['attached-mac'] ?? '',
    mtu: Number(ids['weft:mtu'] ?? 0),
    addresses: (ids['weft:addresses'] ?? '').split(',').filter(Boolean),
    ifindex: Number(ids['weft:ifindex'] ?? 0),
    ...(ids['weft:resolver'] && { resolver: guestResolver.parse(JSON.parse(ids['weft:resolver'])) }),
  };
};
