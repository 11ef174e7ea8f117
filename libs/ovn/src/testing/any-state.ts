import fc from 'fast-check';
import type { AclSubject, DesiredAcl, DesiredForward, DesiredNetwork, DesiredPort, DesiredState } from '../model';
import { aForward, aNetwork, anAcl, aPairing, aPort, aRule, aState } from './desired-state';

const subject: fc.Arbitrary<AclSubject> = fc.constantFrom<AclSubject>(
  { kind: 'addresses', family: 4, text: '10.0.0.0/8' },
  { kind: 'addresses', family: 6, text: 'fd42::1-fd42::9' },
  { kind: 'internal' },
  { kind: 'external' },
  { kind: 'network', number: 2 },
  { kind: 'acl', number: 2 },
);
const rule = fc
  .record({ direction: fc.constantFrom('ingress' as const, 'egress' as const), subjects: fc.uniqueArray(subject, { maxLength: 3 }), logged: fc.boolean() })
  .chain(({ direction, subjects, logged }) =>
    fc.record({
      protocol: fc.constantFrom(null, 'tcp' as const),
      action: fc.constantFrom('allow' as const, 'reject' as const, 'drop' as const),
      direction: fc.constant(direction),
      logged: fc.constant(logged),
      sources: fc.constant(direction === 'ingress' ? subjects : []),
      destinations: fc.constant(direction === 'egress' ? subjects : []),
    }),
  );
const network = fc.record({
  there: fc.boolean(),
  ipv6: fc.boolean(),
  uplink: fc.boolean(),
  nat: fc.boolean(),
  routed: fc.boolean(),
  hosts: fc.uniqueArray(fc.constantFrom('ch1', 'ch2', 'ch3'), { minLength: 1 }),
  resolver: fc.boolean(),
  dhcp6: fc.constantFrom('none' as const, 'stateless' as const, 'stateful' as const),
});
const port = fc.record({
  there: fc.boolean(),
  route: fc.boolean(),
  external: fc.boolean(),
  acls: fc.uniqueArray(fc.constantFrom(1, 2)),
  hosts: fc.uniqueArray(fc.constantFrom('ch1', 'ch2'), { minLength: 1 }),
  limit: fc.constantFrom(null, 1_000),
  antiSpoofing: fc.boolean(),
});
const choices = fc.record({
  networks: fc.tuple(network, network, network),
  ports: fc.array(port, { minLength: 6, maxLength: 6 }),
  rules: fc.tuple(fc.array(rule, { maxLength: 3 }), fc.array(rule, { maxLength: 3 })),
  forwards: fc.array(fc.record({ there: fc.boolean(), defaultTarget: fc.boolean(), ports: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 3 }) }), {
    minLength: 3,
    maxLength: 3,
  }),
  pairings: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
});
type Choices = typeof choices extends fc.Arbitrary<infer C> ? C : never;

/** States that hang together: networks with and without an uplink, NAT and IPv6; ports with routes, ACLs and limits; forwards; pairings. */
export const anyState: fc.Arbitrary<DesiredState> = choices.map(build);

function build({ networks, ports, rules, forwards, pairings }: Choices): DesiredState {
  const chosen = networks.flatMap((choice, index) => (choice.there ? [oneNetwork(index + 1, choice)] : []));
  const active = ports.flatMap((choice, index) => {
    const on = chosen.find(({ number }) => number === (index % 3) + 1);
    return choice.there && on ? [onePort(on, index, choice)] : [];
  });
  const withRoutes = chosen.map((on) => ({
    ...on,
    routes: active.filter(({ networkId }) => networkId === on.id).flatMap((one) => [...one.routes, ...one.externalRoutes]),
  }));
  const pairs = [
    [0, 1],
    [0, 2],
    [1, 2],
  ].flatMap(([left, right], index) => {
    const both = [left, right].map((at) => withRoutes.find(({ number }) => number === at! + 1));
    return pairings[index] && both[0] && both[1] ? [aPairing(both[0], both[1])] : [];
  });
  return aState({
    networks: withRoutes,
    ports: active,
    acls: rules.map((list, index) => oneAcl(index + 1, list.map(aRule), withRoutes, active)),
    forwards: forwards.flatMap((choice, index) => {
      const on = withRoutes.find(({ number }) => number === index + 1);
      return choice.there && on ? [oneForward(on, index, choice)] : [];
    }),
    pairings: pairs,
  });
}

function oneNetwork(number: number, choice: Choices['networks'][number]): DesiredNetwork {
  const plain = aNetwork(number, { dhcp: { ipv4: true, ipv6: choice.dhcp6 }, resolver: choice.resolver });
  return {
    ...plain,
    ipv6: choice.ipv6 ? plain.ipv6 : null,
    nat: { ipv4: choice.nat && choice.uplink ? plain.nat.ipv4 : null, ipv6: null },
    uplink: choice.uplink
      ? {
          ...plain.uplink!,
          ingressMode: choice.routed ? 'routed' : 'l2proxy',
          vlan: choice.routed ? 12 : null,
          chassis: choice.hosts.map((name, index) => ({ name, priority: 100 - index })),
        }
      : null,
  };
}

function onePort(on: DesiredNetwork, index: number, choice: Choices['ports'][number]): DesiredPort {
  const plain = aPort(on, index + 1);
  const action = { action: 'reject', logged: false } as const;
  return {
    ...plain,
    ipv6: on.ipv6 ? plain.ipv6 : null,
    chassis: choice.hosts,
    routes: choice.route ? [`172.16.${index}.0/24`] : [],
    externalRoutes: choice.external && on.uplink ? [`198.51.100.${index * 8}/30`] : [],
    sources: choice.antiSpoofing ? plain.sources : null,
    limits: { ingressKbps: choice.limit, egressKbps: choice.limit },
    security: choice.acls.length > 0 ? { aclIds: choice.acls.map((number) => `a${number}`), ingress: action, egress: action } : null,
  };
}

function oneAcl(number: number, rules: DesiredAcl['rules'], networks: readonly DesiredNetwork[], ports: readonly DesiredPort[]): DesiredAcl {
  const users = ports.filter(({ security }) => security?.aclIds.includes(`a${number}`));
  const used = networks.filter(({ id }) => users.some(({ networkId }) => networkId === id));
  return anAcl(number, used, rules, { routes: users.flatMap(({ routes, externalRoutes }) => [...routes, ...externalRoutes]) });
}

function oneForward(on: DesiredNetwork, index: number, choice: Choices['forwards'][number]): DesiredForward {
  const target = `10.0.${on.number}.9`;
  const ports = choice.ports.map((listenPort) => ({
    protocol: listenPort % 2 ? ('tcp' as const) : ('udp' as const),
    listenPort,
    targetAddress: target,
    targetPort: listenPort,
  }));
  return aForward(on, `198.51.100.${200 + index}`, { defaultTarget: choice.defaultTarget ? target : null, ports });
}
