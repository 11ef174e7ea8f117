/** A guest's network interface as this host sees it. Pure. */
import { createHash } from 'node:crypto';
import { WeftError, type BoundNic, type GuestResolver, type InstanceSpec, type InstanceType } from '@weft/contracts';

/** One that is plugged in, or shall be. */
export interface Nic {
  instanceId: string;
  /** Name of the device in the instance's configuration. */
  device: string;
  /** The host's end: a veth or a tap. */
  link: string;
  ifaceId: string;
  /** What a container calls its end. */
  guestName: string;
  hwaddr: string;
  mtu: number;
  /** CIDR. */
  addresses: readonly string[];
  /** Where guests of its network ask for names, if that is here. */
  resolver?: GuestResolver;
}

/** IFNAMSIZ less the zero byte; no slash, no blank (dev_valid_name in the kernel). */
const LINK_NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,15}$/;
const HWADDR = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const LARGEST_MTU = 65_535;
const SMALLEST_MTU = 68;

/**
 * Names stay the same from start to start: whoever comes later finds what a killed agent has left.
 *
 * @throws WeftError device.invalid for a network device that no network has bound, or that this host cannot make
 */
export const nicsOf = (spec: Pick<InstanceSpec, 'id' | 'type' | 'devices' | 'nics'>): Nic[] => {
  const unbound = Object.keys(spec.devices).find((name) => spec.devices[name]?.type === 'nic' && spec.nics?.[name] === undefined);
  if (unbound !== undefined) throw new WeftError('device.invalid', `Device "${unbound}": it is not connected to a managed network`);
  const nics = Object.entries(spec.nics ?? {}).map(([device, bound]) => nicOf(spec.id, spec.type, device, bound));
  for (const key of ['link', 'guestName'] as const) {
    const twice = nics.find((nic, index) => nics.findIndex((other) => other[key] === nic[key]) !== index);
    if (twice && (key === 'link' || spec.type === 'container')) throw invalid(twice.device, `another one is called "${twice[key]}" too`);
  }
  return nics.sort((a, b) => (a.device < b.device ? -1 : 1));
};

const nicOf = (instanceId: string, type: InstanceType, device: string, bound: BoundNic): Nic => {
  const { ifaceId, guestName, mtu, addresses, resolver } = bound;
  const hwaddr = bound.hwaddr.toLowerCase();
  const link = bound.hostName ?? linkName(instanceId, type, device);
  if (!LINK_NAME.test(link)) throw invalid(device, `"${link}" is no name for an interface`);
  if (!LINK_NAME.test(guestName)) throw invalid(device, `"${guestName}" is no name for an interface`);
  if (!HWADDR.test(hwaddr)) throw invalid(device, `"${hwaddr}" is no MAC address`);
  if (mtu < SMALLEST_MTU || mtu > LARGEST_MTU) throw invalid(device, `an MTU of ${mtu} bytes is not possible`);
  return { instanceId, device, link, ifaceId, guestName, hwaddr, mtu, addresses, ...(resolver && { resolver }) };
};

const linkName = (instanceId: string, type: InstanceType, device: string): string =>
  `${type === 'container' ? 'veth' : 'tap'}${createHash('sha256').update(`${instanceId} ${device}`).digest('hex').slice(0, 8)}`;

const invalid = (device: string, reason: string): WeftError => new WeftError('device.invalid', `Device "${device}": ${reason}`);

/** What has to change for `wanted`; `kept` need no new wire, but may be another port of another network. */
export const nicChanges = (present: readonly Nic[], wanted: readonly Nic[]): { removed: Nic[]; added: Nic[]; kept: Nic[] } => {
  const sameWire = (a: Nic, b: Nic) => a.device === b.device && a.link === b.link && a.guestName === b.guestName && a.hwaddr === b.hwaddr && a.mtu === b.mtu;
  return {
    removed: present.filter((nic) => !wanted.some((other) => sameWire(nic, other))),
    added: wanted.filter((nic) => !present.some((other) => sameWire(nic, other))),
    kept: wanted.filter((nic) => present.some((other) => sameWire(nic, other))),
  };
};
