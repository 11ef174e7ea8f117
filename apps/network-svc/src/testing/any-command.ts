/** Commands as users and the instance service may send them, in any order: many of them are refused, and that is as it should be. */
import fc from 'fast-check';
import type { RunningService } from './running-service';

export interface AnyCommand {
  what: string;
  send(service: RunningService): Promise<unknown>;
}

const NETWORKS = ['n1', 'n2', 'n3'];
const ACLS = ['a1', 'a2'];
const INSTANCES = [1, 2, 3, 4];
const LISTEN = ['198.51.100.20', '198.51.100.21'];
const SUBJECTS = ['', '10.0.0.0/8', '@internal', '@external', '@n1/to-n2', '@n2/to-n3', 'a2', 'fd42::1-fd42::9,192.0.2.1'];

const network = fc.constantFrom(...NETWORKS);
const acl = fc.constantFrom(...ACLS);
const instance = fc.constantFrom(...INSTANCES);
const listen = fc.constantFrom(...LISTEN);
const acls = fc.constantFrom('', 'a1', 'a1,a2');
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const given = (options: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(options).filter((entry): entry is [string, string] => entry[1] !== undefined));

const rule = fc.record({ action: fc.constantFrom('allow', 'reject', 'drop'), subject: fc.constantFrom(...SUBJECTS), port: fc.constantFrom('', '22', '80-90') });
const rules = fc
  .tuple(fc.uniqueArray(rule, { maxLength: 3, selector: (one) => JSON.stringify(one) }), fc.boolean())
  .map(([list, outgoing]) => list.map((one) => aRule(one, outgoing)));
const aRule = ({ action, subject, port }: { action: string; subject: string; port: string }, outgoing: boolean) => ({
  action,
  source: outgoing ? '' : subject,
  destination: outgoing ? subject : '',
  protocol: port === '' ? '' : 'tcp',
  source_port: '',
  destination_port: port,
  icmp_type: '',
  icmp_code: '',
  description: '',
  state: '',
});

const command = <T>(arbitrary: fc.Arbitrary<T>, make: (value: T) => AnyCommand): fc.Arbitrary<AnyCommand> => arbitrary.map(make);

const networkOptions = fc.record({
  'ipv4.nat': fc.constantFrom('true', 'false'),
  'ipv6.address': fc.constantFrom('none', 'auto'),
  'ipv6.dhcp.stateful': optional(fc.constant('true')),
  'security.acls': acls,
});
const subnetOf = (name: string, second: number): string => `10.${second}.${name.slice(1)}.1/24`;
const networks = fc.oneof(
  command(fc.record({ name: network, options: networkOptions }), ({ name, options }) => ({
    what: `create ${name}`,
    send: (service) =>
      service.send('network.create', {
        name,
        type: 'ovn',
        description: '',
        config: { network: 'UPLINK', 'ipv4.address': subnetOf(name, 1), ...given({ ...options, 'security.acls': options['security.acls'] || undefined }) },
      }),
  })),
  command(fc.record({ name: network, 'security.acls': acls, 'ipv4.nat': optional(fc.constantFrom('true', 'false')), second: optional(fc.integer({ min: 1, max: 3 })) }), (change) => ({
    what: `update ${JSON.stringify(change)}`,
    send: (service) => {
      const address = change.second === undefined ? undefined : subnetOf(change.name, change.second);
      const config = given({ 'security.acls': change['security.acls'], 'ipv4.nat': change['ipv4.nat'], 'ipv4.address': address });
      return service.send('network.update', { name: change.name, mode: 'merge', config });
    },
  })),
  command(network, (name) => ({ what: `delete ${name}`, send: (service) => service.send('network.delete', { name }) })),
); // prettier-ignore

const nic = fc.record({
  'security.acls': optional(acls),
  'ipv4.routes': optional(fc.constant('172.16.1.0/24')),
  'ipv4.routes.external': optional(fc.constantFrom('198.51.100.8/30', '198.51.100.12/32')),
  'limits.max': optional(fc.constant('10Mbit')),
  'security.acls.default.ingress.action': optional(fc.constantFrom('allow', 'drop')),
});
const ports = fc.oneof(
  command(fc.record({ n: instance, on: network, nic, active: fc.boolean(), second: optional(network) }), ({ n, on, nic: options, active, second }) => ({
    what: `${active ? 'activate' : 'define'} i${n} on ${on} ${second ?? ''} ${JSON.stringify(options)}`,
    send: (service) => {
      const plain = (name: string, device: number) => ({ type: 'nic', network: name, hwaddr: `00:16:3e:00:0${device}:0${n}` });
      const nics = { eth0: { ...plain(on, 0), ...given(options) }, ...(second && { eth1: plain(second, 1) }) };
      const body = { instanceId: `i${n}`, instanceName: `c${n}`, type: 'container' as const, nics };
      return active ? service.send('port.activate', { ...body, member: 'host1' }) : service.send('port.define', body);
    },
  })),
  command(instance, (n) => ({ what: `bind i${n}`, send: (service) => service.send('port.bind', { instanceId: `i${n}`, members: ['host1', 'host2'] }) })),
  command(instance, (n) => ({ what: `deactivate i${n}`, send: (service) => service.send('port.deactivate', { instanceId: `i${n}` }) })),
  command(instance, (n) => ({ what: `remove i${n}`, send: (service) => service.send('port.remove', { instanceId: `i${n}` }) })),
);

const rulesOf = fc.record({ ingress: rules, egress: rules });
const accessLists = fc.oneof(
  command(fc.record({ name: acl, content: rulesOf }), ({ name, content }) => ({
    what: `create ${name}`,
    send: (service) => service.send('network-acl.create', { name, description: '', config: {}, ...content }),
  })),
  command(fc.record({ name: acl, content: rulesOf }), ({ name, content }) => ({
    what: `update ${name}`,
    send: (service) => service.send('network-acl.update', { name, mode: 'replace', ...content }),
  })),
  command(acl, (name) => ({ what: `delete ${name}`, send: (service) => service.send('network-acl.delete', { name }) })),
);

const forwardContent = fc.record({ port: fc.constantFrom('80', '80-82', '443'), target: fc.constantFrom('9', '10'), fallback: fc.boolean() });
const forwardOf = (on: string, { port, target, fallback }: { port: string; target: string; fallback: boolean }) => ({
  description: '',
  config: given({ target_address: fallback ? `10.1.${on.slice(1)}.77` : undefined }),
  ports: [{ description: '', protocol: 'tcp' as const, listen_port: port, target_port: '', target_address: `10.1.${on.slice(1)}.${target}` }],
});
const forwards = fc.oneof(
  command(fc.record({ on: network, listen, content: forwardContent }), ({ on, listen: listenAddress, content }) => ({
    what: `forward ${listenAddress} on ${on}`,
    send: (service) => service.send('network-forward.create', { network: on, listenAddress, ...forwardOf(on, content) }),
  })),
  command(fc.record({ on: network, listen, content: forwardContent }), ({ on, listen: listenAddress, content }) => ({
    what: `other forward ${listenAddress} on ${on}`,
    send: (service) => service.send('network-forward.update', { network: on, listenAddress, mode: 'replace', ...forwardOf(on, content) }),
  })),
  command(fc.record({ on: network, listen }), ({ on, listen: listenAddress }) => ({
    what: `no forward ${listenAddress} on ${on}`,
    send: (service) => service.send('network-forward.delete', { network: on, listenAddress }),
  })),
);

const peers = fc.oneof(
  { weight: 2, arbitrary: command(fc.tuple(network, network), ([on, target]) => ({
    what: `peer ${on} to ${target}`,
    send: (service) => service.send('network-peer.create', { network: on, name: `to-${target}`, targetNetwork: target, targetProject: '', description: '', config: {} }),
  })) },
  { weight: 1, arbitrary: command(fc.tuple(network, network), ([on, target]) => ({
    what: `no peer ${on} to ${target}`,
    send: (service) => service.send('network-peer.delete', { network: on, name: `to-${target}` }),
  })) },
); // prettier-ignore

/** One after the other; those of one step at the same time. */
export const anySequence: fc.Arbitrary<AnyCommand[][]> = fc.array(
  fc.array(fc.oneof({ weight: 3, arbitrary: networks }, { weight: 4, arbitrary: ports }, accessLists, forwards, { weight: 2, arbitrary: peers }), { minLength: 1, maxLength: 3 }),
  { minLength: 12, maxLength: 25 },
); // prettier-ignore

/** What sequences begin with: all networks and ACLs that commands name. */
export async function createAll(service: RunningService): Promise<void> {
  for (const name of ACLS) await service.send('network-acl.create', { name, description: '', config: {}, ingress: [], egress: [] });
  for (const name of NETWORKS) {
    const config = { network: 'UPLINK', 'ipv4.address': subnetOf(name, 1), 'ipv4.nat': 'true', 'security.acls': name === 'n3' ? 'a1' : '' };
    await service.send('network.create', { name, type: 'ovn', description: '', config });
  }
}

/** Leaves nothing. What still refers to something else is deleted before that. */
export async function deleteAll(service: RunningService): Promise<void> {
  const tolerant = (sent: Promise<unknown>): Promise<unknown> =>
    sent.catch((error: { code?: string }) => (error.code?.endsWith('.not-found') ? undefined : Promise.reject(error as Error)));
  for (const n of INSTANCES) await service.send('port.remove', { instanceId: `i${n}` });
  for (const name of NETWORKS) await tolerant(service.send('network.update', { name, mode: 'merge', config: { 'security.acls': '' } }));
  for (const name of ACLS) await tolerant(service.send('network-acl.update', { name, mode: 'replace', ingress: [], egress: [] }));
  for (const name of ACLS) await tolerant(service.send('network-acl.delete', { name }));
  for (const on of NETWORKS) {
    for (const target of NETWORKS) await tolerant(service.send('network-peer.delete', { network: on, name: `to-${target}` }));
    for (const listenAddress of LISTEN) await tolerant(service.send('network-forward.delete', { network: on, listenAddress }));
  }
  for (const name of NETWORKS) await tolerant(service.send('network.delete', { name }));
}
