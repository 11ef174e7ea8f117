/**
 * Who the NICs of an instance are: their MAC addresses and the names of their interfaces. What the user leaves open
 * the platform decides and keeps in `volatile.<device>.hwaddr` and `volatile.<device>.name`, as LXD does: a copy gets
 * new ones, a moved instance keeps them. A MAC is derived from instance and device, so that a NIC that a profile adds
 * has the same one in every step that looks, before the next change of the instance writes it down.
 */
import { derivedId, WeftError, type Devices } from '@weft/contracts';
import { canonicalJson } from './canonical-json';
import { isInterfaceName, isMac } from './nic-device';
import type { StringMap } from './instance.state';

/** The prefix that LXD's MAC addresses have. */
const OUI = '00:16:3e';
const IDENTITY = /^volatile\.(.+)\.(hwaddr|name)$/;

interface Equipped {
  /** The instance's. */
  id: string;
  config: StringMap;
  /** Expanded. */
  devices: Devices;
}

const macOf = (instanceId: string, device: string): string => [OUI, ...derivedId('hwaddr', instanceId, device).slice(0, 6).match(/../g)!].join(':');

const isNic = ([, device]: [string, StringMap]): boolean => device.type === 'nic';

/**
 * The NICs of an instance as the network service wants them: every one with its MAC (`hwaddr`) and interface (`name`).
 * @throws WeftError `device.invalid` when two have the same
 */
export function nicsOf({ id, config, devices }: Equipped): Record<string, StringMap> {
  const nics = Object.entries(devices).filter(isNic).sort(byName);
  const taken = new Set(nics.flatMap(([name, nic]) => nic.name ?? config[`volatile.${name}.name`] ?? []));
  const result = nics.map(([device, nic]): [string, StringMap] => {
    const name = nic.name ?? config[`volatile.${device}.name`] ?? freeName(taken);
    taken.add(name);
    return [device, { ...nic, hwaddr: (nic.hwaddr ?? config[`volatile.${device}.hwaddr`] ?? macOf(id, device)).toLowerCase(), name }];
  });
  requireDistinct(result, 'name', 'interface name');
  requireDistinct(result, 'hwaddr', 'MAC address');
  return Object.fromEntries(result);
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

function freeName(taken: ReadonlySet<string>): string {
  let number = 0;
  while (taken.has(`eth${number}`)) number += 1;
  return `eth${number}`;
}

function requireDistinct(nics: readonly [string, StringMap][], option: 'name' | 'hwaddr', what: string): void {
  const twice = nics.find(([, nic], at) => nics.findIndex(([, other]) => other[option] === nic[option]) !== at);
  if (twice) throw new WeftError('device.invalid', `Device validation failed for "${twice[0]}": another NIC has the ${what} "${twice[1][option]}" already`);
}

/**
 * The local configuration with the identities of all NICs that need one, and without those of NICs that are gone.
 * @throws WeftError `config.invalid` for one that a client gave and that is none; `device.invalid` as `nicsOf`
 */
export function withNicIdentities(instance: Equipped): StringMap {
  const { config, devices } = instance;
  for (const [key, value] of Object.entries(config)) {
    const field = IDENTITY.exec(key)?.[2];
    if (field === undefined || (field === 'hwaddr' ? isMac : isInterfaceName)(value)) continue;
    throw new WeftError('config.invalid', `Invalid value for configuration key "${key}": "${value}"`);
  }
  const nics = nicsOf(instance);
  const kept = Object.entries(config).filter(([key]) => !IDENTITY.test(key));
  const given = Object.entries(nics).flatMap(([device, nic]) =>
    (['hwaddr', 'name'] as const).filter((field) => !devices[device]?.[field]).map((field) => [`volatile.${device}.${field}`, nic[field] ?? '']),
  );
  return { ...Object.fromEntries(kept), ...Object.fromEntries(given) };
}

/** MAC addresses among what a client asks for: who moves an instance keeps them. */
export const askedIdentities = (config: Readonly<Record<string, string>>): StringMap =>
  Object.fromEntries(Object.entries(config).filter(([key, value]) => IDENTITY.test(key) && value !== ''));

/** Do the network service and a host have anything to do? NICs that cannot be read any more are others, whatever they become. */
export function nicsChanged(before: Equipped, after: Equipped): boolean {
  try {
    return canonicalJson(nicsOf(before)) !== canonicalJson(nicsOf(after));
  } catch (error) {
    if (error instanceof WeftError) return true;
    throw error;
  }
}

export const hasNics = ({ devices }: { devices: Devices }): boolean => Object.values(devices).some(({ type }) => type === 'nic');
