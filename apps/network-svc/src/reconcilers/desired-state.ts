/** From this service's rows to what OVN should hold. Pure. */
import { createHash } from 'node:crypto';
import { DEFAULT_DNS_DOMAIN, isTrue, type AclRule } from '@weft/contracts';
import type {
  AclSubject,
  DefaultAction,
  DesiredAcl,
  DesiredAclRule,
  DesiredForward,
  DesiredNetwork,
  DesiredPort,
  DesiredState,
  DesiredUplink,
  PortRange,
} from '@weft/ovn';
import { parsePortRange, readSubject, splitSubjects } from '../domain/acl.rules';
import { expandPorts } from '../domain/forward.decider';
import { hasGuestResolver } from '../domain/guest-resolver';
import { isOn, networkAddress } from '../domain/network.settle';
import { routerMac } from '../domain/router-mac';
import { portSources } from './port-sources';
import type { AclRows, DesiredRows, ForwardRows, NetworkRows, PortRows } from '../queries/desired-rows';

/** `chassis`: names of those that may carry routers' outer ports. */
export function desiredState(rows: DesiredRows, chassis: readonly string[]): DesiredState {
  const version = Number(rows.position);
  const networks = new Map(rows.networks.map((row) => [row.networkId, row]));
  return {
    networks: rows.networks.map((row) => network(row, version, chassis)),
    ports: rows.ports.flatMap((row) => port(row, networks.get(row.networkId), version)),
    acls: rows.acls.map((row) => acl(row, version)),
    forwards: rows.forwards.map((row) => forward(row, version)),
    pairings: rows.pairings.map(({ pairingId, networkIds }) => ({ id: pairingId, version, networkIds })),
  };
}

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

function network(row: NetworkRows, version: number, chassis: readonly string[]): DesiredNetwork {
  const { config } = row;
  const address = (family: 4 | 6): string | null => (networkAddress(config, family) ? config[`ipv${family}.address`]! : null);
  const domain = config['dns.domain'] ?? DEFAULT_DNS_DOMAIN;
  return {
    id: row.networkId,
    version,
    number: row.number,
    project: row.project,
    name: row.name,
    mtu: Number(config['bridge.mtu'] ?? 1442),
    routerMac: routerMac(row.networkId, config),
    ipv4: address(4),
    ipv6: address(6),
    uplink: row.uplink && uplink(row, row.uplink, chassis),
    nat: { ipv4: natAddress(row, 4), ipv6: natAddress(row, 6) },
    dhcp: { ipv4: isOn(config['ipv4.dhcp']), ipv6: !isOn(config['ipv6.dhcp']) ? 'none' : isTrue(config['ipv6.dhcp.stateful']) ? 'stateful' : 'stateless' },
    dns: { nameservers: list(row.uplink?.config['dns.nameservers']), domain, search: config['dns.search'] ? list(config['dns.search']) : [domain] },
    resolver: hasGuestResolver(config),
    routes: routesOf(row.routes),
  };
}

const routesOf = (nics: readonly Readonly<Record<string, string>>[]): string[] =>
  [...new Set(nics.flatMap((nic) => [...internalRoutes(nic), ...externalRoutes(nic)]))].sort();
const internalRoutes = (nic: Readonly<Record<string, string>>): string[] => [...list(nic['ipv4.routes']), ...list(nic['ipv6.routes'])];
const externalRoutes = (nic: Readonly<Record<string, string>>): string[] => [...list(nic['ipv4.routes.external']), ...list(nic['ipv6.routes.external'])];

function natAddress({ config, uplink: up }: NetworkRows, family: 4 | 6): string | null {
  if (!up || !networkAddress(config, family) || !isTrue(config[`ipv${family}.nat`])) return null;
  return config[`ipv${family}.nat.address`] ?? config[`volatile.network.ipv${family}.address`] ?? null;
}

function uplink(
  { networkId, config }: NetworkRows,
  { name, config: up, memberConfig }: NonNullable<NetworkRows['uplink']>,
  all: readonly string[],
): DesiredUplink {
  // A host that came later than a network with a parent for each has no way there.
  const chassis = all.filter((one) => up['parent'] ?? memberConfig[one]?.['parent']);
  const outer = (family: 4 | 6) => {
    const address = config[`volatile.network.ipv${family}.address`];
    const [gateway, prefix] = (up[`ipv${family}.gateway`] ?? '').split('/');
    return address && prefix ? { address: `${address}/${prefix}`, gateway: gateway ?? null } : null;
  };
  return {
    providerNetwork: name,
    vlan: Number(up['vlan'] ?? 0) || null,
    ipv4: outer(4),
    ipv6: outer(6),
    ingressMode: up['ovn.ingress_mode'] === 'routed' ? 'routed' : 'l2proxy',
    chassis: [...chassis].sort().map((one) => ({ name: one, priority: priority(networkId, one) })),
  };
}

/** Stable, and different for each network: routers spread over the chassis. */
const priority = (networkId: string, chassis: string): number => createHash('sha256').update(`${networkId}/${chassis}`).digest().readUInt16BE() & 0x7fff;

function port(row: PortRows, on: NetworkRows | undefined, version: number): DesiredPort[] {
  if (!on) return [];
  const { nic } = row;
  return [
    {
      id: row.portId,
      version,
      networkId: row.networkId,
      interfaceId: row.interfaceId,
      hwaddr: row.hwaddr,
      ipv4: row.ipv4,
      ipv6: row.ipv6,
      chassis: row.members,
      dnsNames: [`${row.instanceName}.${on.config['dns.domain'] ?? DEFAULT_DNS_DOMAIN}`.toLowerCase()],
      routes: internalRoutes(nic),
      externalRoutes: externalRoutes(nic),
      sources: portSources(row, nic, on.config, [...internalRoutes(nic), ...externalRoutes(nic)]),
      security:
        row.aclIds.length === 0
          ? null
          : { aclIds: row.aclIds, ingress: defaultAction('ingress', nic, on.config), egress: defaultAction('egress', nic, on.config) },
      limits: { ingressKbps: kbps(nic['limits.max'] ?? nic['limits.ingress']), egressKbps: kbps(nic['limits.max'] ?? nic['limits.egress']) },
    },
  ];
}

function defaultAction(direction: 'ingress' | 'egress', nic: Readonly<Record<string, string>>, config: Readonly<Record<string, string>>): DefaultAction {
  const key = `security.acls.default.${direction}`;
  const action = (nic[`${key}.action`] ?? config[`${key}.action`] ?? 'reject') as DefaultAction['action'];
  return { action, logged: isTrue(nic[`${key}.logged`] ?? config[`${key}.logged`]) };
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
function kbps(rate: string | undefined): number | null {
  const [, digits, unit] = /^(\d+)([kMGTPE]i?)?bit$/.exec(rate ?? '') ?? [];
  return digits === undefined ? null : Math.max(1, Math.round((Number(digits) * UNITS[unit ?? '']!) / 1e3));
}

function acl(row: AclRows, version: number): DesiredAcl {
  const { aclId: id, number, project, name, networkIds } = row;
  const rules = [...row.ingress.flatMap((rule) => aclRule('ingress', rule, row)), ...row.egress.flatMap((rule) => aclRule('egress', rule, row))];
  return { id, version, number, project, name, networkIds, routes: routesOf(row.routes), rules };
}

function aclRule(direction: 'ingress' | 'egress', rule: AclRule, row: AclRows): DesiredAclRule[] {
  if (rule.state === 'disabled') return [];
  const sources = subjects(rule.source, row);
  const destinations = subjects(rule.destination, row);
  // Who is not there sends nothing: a rule about nobody is no rule, and above all not one about everybody.
  if ((rule.source !== '' && sources.length === 0) || (rule.destination !== '' && destinations.length === 0)) return [];
  return [
    {
      direction,
      action: rule.action as DesiredAclRule['action'],
      logged: rule.state === 'logged',
      sources,
      destinations,
      protocol: rule.protocol === '' ? null : (rule.protocol as DesiredAclRule['protocol']),
      sourcePorts: portRanges(rule.source_port),
      destinationPorts: portRanges(rule.destination_port),
      icmpType: rule.icmp_type === '' ? null : Number(rule.icmp_type),
      icmpCode: rule.icmp_code === '' ? null : Number(rule.icmp_code),
    },
  ];
}

const portRanges = (ports: string): PortRange[] => list(ports).flatMap((one) => parsePortRange(one) ?? []);

function subjects(text: string, { aclNumbers, peerNumbers }: AclRows): AclSubject[] {
  return splitSubjects(text).flatMap((one): AclSubject[] => {
    const subject = readSubject(one);
    switch (subject.kind) {
      case 'range':
        return [{ kind: 'addresses', family: subject.family, text: subject.text }];
      case 'internal':
      case 'external':
        return [{ kind: subject.kind }];
      case 'peer':
        return Object.hasOwn(peerNumbers, subject.text) ? [{ kind: 'network', number: peerNumbers[subject.text]! }] : [];
      case 'acl':
        return Object.hasOwn(aclNumbers, subject.text) ? [{ kind: 'acl', number: aclNumbers[subject.text]! }] : [];
      default:
        return subject satisfies never;
    }
  });
}

function forward({ forwardId: id, networkId, listenAddress, config, ports }: ForwardRows, version: number): DesiredForward {
  return {
    id,
    version,
    networkId,
    listenAddress,
    defaultTarget: config['target_address'] ?? null,
    ports: ports.flatMap(({ protocol, listen_port, target_port, target_address }) => {
      const targets = expandPorts(target_port) ?? [];
      return (expandPorts(listen_port) ?? []).map((listenPort, at) => ({
        protocol: protocol as 'tcp' | 'udp',
        listenPort,
        targetAddress: target_address,
        targetPort: targets.length > 1 ? targets[at]! : (targets[0] ?? listenPort),
      }));
    }),
  };
}
