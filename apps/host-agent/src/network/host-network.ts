/**
 * Guests' network interfaces on this host, for all drivers. The switch's database says what is plugged in; nothing is
 * kept in memory, so a new agent finds everything.
 *
 *   plug:   wire (veth, tap) --> port of br-int with iface-id --> ovn-controller binds it
 *   unplug: port --> wire; also for guests that ended while no agent looked
 */
import { setTimeout as delay } from 'node:timers/promises';
import { WeftError } from '@weft/contracts';
import { OvsdbDisconnected, OvsdbTimeout } from '@weft/ovsdb';
import type { Logger } from '@weft/platform';
import { GuestLinks } from './guest-links';
import { GuestResolvers } from './guest-resolvers';
import { HostLinks, linksOf } from './host-links';
import { HostSwitch, type PluggedNic } from './host-switch';
import type { Nic } from './nic';
import { containerNetwork, machineNetwork, type GuestInterface, type NetworkState } from './network-state';

const LOOK_MS = 5;
/** Flows of a port take OVN milliseconds; its daemons that have died are back within seconds. */
const CONNECT_TIMEOUT_MS = 30_000;

export interface HostNetworkOptions {
  /** The switch's database, such as unix:/run/openvswitch/db.sock. */
  endpoint: string;
  /** Path of the network namespace of a simulated host. */
  netns?: string;
  logger: Logger;
}

export class HostNetwork {
  readonly links: HostLinks;
  /** Name servers for the guests that are plugged in. */
  readonly resolvers: GuestResolvers;
  private readonly hostSwitch: HostSwitch;
  private readonly guestLinks = new GuestLinks();

  constructor(private readonly options: HostNetworkOptions) {
    const { endpoint, netns } = options;
    this.links = new HostLinks(netns);
    this.hostSwitch = new HostSwitch(endpoint);
    this.resolvers = new GuestResolvers(this.links, this.hostSwitch, options.logger);
  }

  async close(): Promise<void> {
    await this.resolvers.stop();
    await this.hostSwitch.close();
  }

  /** The wires are there. */
  async plug(nics: readonly Nic[]): Promise<void> {
    for (const nic of nics) {
      const ifindex = await this.links.indexOf(nic.link);
      if (ifindex === undefined) throw new WeftError('task.failed', `Device "${nic.device}": its interface ${nic.link} is not on this host`);
      await this.hostSwitch.plug({ ...nic, ifindex });
    }
    this.resolvers.ring();
  }

  /** What is there already, left from a run before. */
  async leftovers(nics: readonly Nic[]): Promise<ReadonlyMap<string, number | undefined>> {
    return new Map(await Promise.all(nics.map(async ({ link }) => [link, await this.links.indexAtSight(link)] as const)));
  }

  /**
   * Plugs wires in as somebody else makes them, until that has ended.
   * @param before what is about to be replaced
   * @returns those that are plugged in: `plug` is for the others
   */
  async plugAsMade(nics: readonly Nic[], before: ReadonlyMap<string, number | undefined>, ended: AbortSignal): Promise<readonly Nic[]> {
    const done: Nic[] = [];
    while (!ended.aborted && done.length < nics.length) {
      await delay(LOOK_MS, undefined, { signal: ended }).catch(() => undefined);
      for (const nic of nics.filter((one) => !done.includes(one))) {
        const ifindex = await this.links.indexAtSight(nic.link);
        if (ifindex === undefined || ifindex === before.get(nic.link)) continue;
        await this.hostSwitch.plug({ ...nic, ifindex });
        done.push(nic);
      }
    }
    return done;
  }

  /** What is plugged in for a guest has its flows. @throws WeftError task.failed when OVN does not get there in time */
  async connected(instanceId: string): Promise<void> {
    const nics = await this.hostSwitch.plugged(instanceId);
    if (nics.length === 0) return;
    const late = await this.hostSwitch.connected(
      nics.map(({ link }) => link),
      CONNECT_TIMEOUT_MS,
    );
    const devices = nics.flatMap(({ link, device }) => (late.includes(link) ? `"${device}"` : []));
    if (devices.length > 0)
      throw new WeftError(
        'task.failed',
        `Device ${devices.join(', ')}: OVN has not connected it to its network in time; look at ovn-northd and ovn-controller`,
      );
  }

  /** Ports and wires. */
  async unplug(nics: readonly Nic[]): Promise<void> {
    await this.hostSwitch.unplug(nics);
    for (const { link } of nics) await this.links.remove(link);
    this.resolvers.ring();
  }

  /** Everything that is plugged in for a guest that has ended. A switch that does not answer holds up no stop: `sweep` mends that. */
  async release(instanceId: string): Promise<void> {
    this.guestLinks.forget(instanceId);
    try {
      await this.unplug(await this.hostSwitch.plugged(instanceId));
    } catch (error) {
      if (!(error instanceof OvsdbDisconnected) && !(error instanceof OvsdbTimeout)) throw error;
      this.options.logger.warn({ err: error, instanceId }, 'ports of an instance are left, because Open vSwitch does not answer');
    }
  }

  plugged(instanceId: string): Promise<PluggedNic[]> {
    return this.hostSwitch.plugged(instanceId);
  }

  /** The wires of a guest that rebooted are new ones by the same names: their ports are made anew. */
  async replug(instanceId: string): Promise<void> {
    const present = await this.hostSwitch.plugged(instanceId);
    const indexes = await Promise.all(present.map(({ link }) => this.links.indexOf(link)));
    const replaced = present.filter((nic, position) => indexes[position] !== undefined && indexes[position] !== nic.ifindex);
    await this.hostSwitch.unplug(replaced);
    await this.plug(replaced);
  }

  /**
   * Takes away what guests that do not run any more have left. A wire that something holds at its other end is in use, whoever that is:
   * a machine that waits for its memory to arrive does not run yet.
   */
  async sweep(isRunning: (instanceId: string) => Promise<boolean>): Promise<void> {
    const [all, links] = await Promise.all([this.hostSwitch.plugged(), this.links.list()]);
    const inUse = new Set(links.filter(({ flags }) => flags.includes('LOWER_UP')).map(({ ifname }) => ifname));
    for (const instanceId of new Set(all.map((nic) => nic.instanceId))) {
      const isHeld = all.some((nic) => nic.instanceId === instanceId && inUse.has(nic.link));
      if (isHeld || (await isRunning(instanceId))) await this.replug(instanceId);
      else await this.release(instanceId);
    }
  }

  finishesChecksums(): Promise<boolean> {
    return this.hostSwitch.finishesChecksums();
  }

  /** @param recent what is known of its interfaces will do, as long as nothing of them has changed but for their counters */
  async containerState(instanceId: string, initPid: number, recent = false): Promise<Record<string, NetworkState>> {
    const [links, nics] = await Promise.all(
      recent ? [this.guestLinks.recent(instanceId, initPid), this.hostSwitch.known(instanceId)] : [linksOf(initPid), this.hostSwitch.plugged(instanceId)],
    );
    return containerNetwork(links, nics);
  }

  async machineState(instanceId: string, guest: readonly GuestInterface[] | undefined, recent = false): Promise<Record<string, NetworkState>> {
    const [links, nics] = await Promise.all(
      recent ? [this.links.recentList(), this.hostSwitch.known(instanceId)] : [this.links.list(), this.hostSwitch.plugged(instanceId)],
    );
    return machineNetwork(links, nics, guest);
  }

  /** @throws WeftError device.invalid when the host lacks an interface; then nothing is changed */
  async configureUplinks(uplinks: readonly { name: string; parent: string }[]): Promise<void> {
    for (const { name, parent } of uplinks) {
      if (!/^[A-Za-z0-9_.-]+$/.test(name)) throw new WeftError('device.invalid', `"${name}" is no name for an uplink`);
      if ((await this.links.indexOf(parent)) === undefined) throw new WeftError('device.invalid', `Uplink "${name}": this host has no interface "${parent}"`);
    }
    await this.hostSwitch.mapUplinks(uplinks.map((uplink) => ({ ...uplink, bridge: bridgeOf(uplink.parent) })));
  }
}

const LONGEST_LINK_NAME = 15;

/** br-eth0; of a longer name the end, which is what tells interfaces apart. */
const bridgeOf = (parent: string): string => `br-${parent.slice(-(LONGEST_LINK_NAME - 3))}`;
