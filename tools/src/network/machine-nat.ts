/**
 * The one table in the machine's own nftables, and the kernel setting of it that we change, once for each family.
 *
 * Forwarding is switched on for as long as a platform runs and put back by the last one that goes. Where it was off,
 * nothing that is not ours is forwarded meanwhile: the machine does not become a router.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IPV6_FORWARDING, leadsOut } from './fabric-ipv6';
import { linksIn, run } from './net-tools';
import { machineLinkOf, type NetworkPlan } from './network-plan';

/** Shared by all platforms of the machine; empty after a boot, as the settings are that it tells of. */
export const MACHINE_DIR = '/run/weft';
const STATE = join(MACHINE_DIR, 'forwarding.json');
const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';

interface Forwarding {
  /** What the setting was before the first of us came. */
  before: string;
  /** That of IPv6; unset while nobody has changed it. */
  before6?: string;
  platforms: string[];
}

const tableOf = (key: string): string => `weft_${key}`;

const readState = (): Forwarding | undefined => (existsSync(STATE) ? (JSON.parse(readFileSync(STATE, 'utf8')) as Forwarding) : undefined);

/** Call it under the machine's lock. */
export const ensureNat = async (plan: NetworkPlan): Promise<void> => {
  mkdirSync(MACHINE_DIR, { recursive: true });
  const links = await linksIn();
  const state: Forwarding = readState() ?? { before: valueOf(IP_FORWARD), platforms: [] };
  const opens6 = await leadsOut();
  if (opens6) state.before6 ??= valueOf(IPV6_FORWARDING);
  const others = state.platforms.filter((key) => key !== plan.key && links.has(machineLinkOf(key)));
  writeFileSync(STATE, JSON.stringify({ ...state, platforms: [...others, plan.key] }));
  await run('nft', ['-f', '-'], machineRules(plan, state));
  await dropDeadTables(links);
  switchTo(IP_FORWARD, '1');
  if (opens6) switchTo(IPV6_FORWARDING, '1');
};

const valueOf = (setting: string): string => readFileSync(setting, 'utf8').trim();
const switchTo = (setting: string, value: string): void => {
  if (valueOf(setting) !== value) writeFileSync(setting, value);
};

/** Rules for a link that is gone are of no use to anybody: their platform was killed and its directory thrown away. */
const dropDeadTables = async (links: ReadonlySet<string>): Promise<void> => {
  const keys = [...(await run('nft', ['list', 'tables', 'inet'])).matchAll(/^table inet weft_([0-9a-f]{6})$/gm)].map(([, key]) => key!);
  const dead = keys.filter((key) => !links.has(machineLinkOf(key)));
  if (dead.length) await run('nft', ['-f', '-'], dead.map((key) => `delete table inet ${tableOf(key)}\n`).join(''));
};

/** Call it under the machine's lock. */
export const removeNat = async (key: string): Promise<void> => {
  await run('nft', ['-f', '-'], `table inet ${tableOf(key)}\ndelete table inet ${tableOf(key)}\n`);
  const state = readState();
  if (!state) return;
  const links = await linksIn();
  const others = state.platforms.filter((other) => other !== key && links.has(machineLinkOf(other)));
  if (others.length) return writeFileSync(STATE, JSON.stringify({ ...state, platforms: others }));
  switchTo(IP_FORWARD, state.before);
  if (state.before6 !== undefined) switchTo(IPV6_FORWARDING, state.before6);
  rmSync(STATE, { force: true });
};

/** `weft*` instead of our own link: several platforms must not lock each other out. */
const machineRules = (plan: NetworkPlan, { before, before6 }: Forwarding): string => `table inet ${tableOf(plan.key)}
delete table inet ${tableOf(plan.key)}
table inet ${tableOf(plan.key)} {
  chain input {
    type filter hook input priority filter; policy accept;
    ip daddr ${plan.machineAddress} iifname != { "lo", "${plan.machineLink}" } drop
    ip daddr ${plan.machineAddress} ip saddr ${plan.uplink.subnet} ct state new drop
    ip6 daddr ${plan.ipv6.machineAddress} iifname != { "lo", "${plan.machineLink}" } drop
    ip6 daddr ${plan.ipv6.machineAddress} ip6 saddr { ${plan.ipv6.uplink.subnet}, ${plan.ipv6.uplink.routes} } ct state new drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname != "${plan.machineLink}" oifname "${plan.machineLink}" ct state new,invalid drop
${before === '0' ? closed('ipv4') : ''}${before6 === '0' ? closed('ipv6') : ''}  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${plan.subnet} oifname != "weft*" masquerade
    ip6 saddr ${plan.ipv6.prefix} oifname != "weft*" masquerade
  }
}
`;

const closed = (family: 'ipv4' | 'ipv6'): string => `    meta nfproto ${family} iifname != "weft*" oifname != "weft*" drop\n`;
