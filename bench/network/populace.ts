/** Networks of ten ports each, every other one a peer of its neighbour, and what is changed about them. */
import type { RunningService } from '../../apps/network-svc/src/testing/running-service';
import { eventually } from '@weft/testing';

const PORTS_EACH = 10;
const AT_ONCE = 64;
const HOSTS = 50;
const ACL = 'scale';
/** Room for 1,000 routers. */
const UPLINK = { 'ipv4.gateway': '198.18.0.1/16', 'ipv4.ovn.ranges': '198.18.1.0-198.18.200.0', 'ipv4.routes': '198.51.100.0/24' };

const peer = { description: '', config: {}, targetProject: '' };
const network = (n: number): string => `n${n}`;
const mac = (n: number): string => `00:16:3e:${[n >> 16, (n >> 8) & 255, n & 255].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
const rule = (port: number) => ({
  action: 'allow',
  source: '',
  destination: '',
  protocol: 'tcp',
  source_port: '',
  destination_port: String(port),
  icmp_type: '',
  icmp_code: '',
  description: '',
  state: '',
});

export class Populace {
  networks = 0;
  ports = 0;
  peers = 0;
  private prepared = false;

  constructor(readonly service: RunningService) {}

  async growTo(ports: number): Promise<void> {
    if (!this.prepared) await this.prepare();
    this.prepared = true;
    const [networks, peers] = [Math.max(4, ports / PORTS_EACH), Math.max(1, ports / (2 * PORTS_EACH))];
    await inParallel(this.networks, networks, (n) => this.createNetwork(network(n), n));
    await inParallel(this.peers, peers, async (n) => {
      await this.createPeer(network(2 * n), network(2 * n + 1));
      await this.createPeer(network(2 * n + 1), network(2 * n));
    });
    await inParallel(this.ports, ports, (n) => this.activate(n, network(n % networks)));
    Object.assign(this, { networks, peers, ports });
  }

  /** The real ovn-northd has caught up. */
  settled(): Promise<unknown> {
    const touch = () => this.service.send('network.update', { name: network(0), mode: 'merge', config: { 'user.touched': String(performance.now()) } });
    return eventually(() => touch().then(() => true, () => false), { timeoutMs: 300_000, what: 'ovn-northd to catch up' }); // prettier-ignore
  }

  createNetwork(name: string, n: number): Promise<unknown> {
    const config = {
      network: 'UPLINK',
      'ipv4.address': `10.${n >> 8}.${n & 255}.1/24`,
      'ipv4.nat': 'true',
      'ipv6.address': `fd42:${n.toString(16)}::1/64`,
      'ipv6.nat': 'true',
    };
    return this.service.send('network.create', { name, type: 'ovn', description: '', config });
  }
  createPeer(name: string, targetNetwork: string): Promise<unknown> {
    return this.service.send('network-peer.create', { ...peer, network: name, name: `to-${targetNetwork}`, targetNetwork });
  }
  deletePeer(name: string, targetNetwork: string): Promise<unknown> {
    return this.service.send('network-peer.delete', { network: name, name: `to-${targetNetwork}` });
  }
  activate(n: number, name: string, nic: object = {}): Promise<unknown> {
    const nics = { eth0: { type: 'nic', network: name, hwaddr: mac(n), ...nic } };
    return this.service.send('port.activate', { instanceId: `i${n}`, instanceName: `c${n}`, type: 'container', member: `sim${n % HOSTS}`, nics });
  }

  private async prepare(): Promise<void> {
    await this.service.send('network.delete', { name: 'default' });
    await this.service.send('network.update', { name: 'UPLINK', mode: 'merge', config: UPLINK });
    await this.service.send('network-acl.create', { name: ACL, description: '', config: {}, ingress: [rule(22)], egress: [] });
  }
}

const inParallel = async (from: number, to: number, work: (n: number) => Promise<unknown>): Promise<void> => {
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < to) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

export interface Change {
  name: string;
  before?(populace: Populace, round: number): Promise<unknown>;
  run(populace: Populace, round: number): Promise<unknown>;
  after?(populace: Populace, round: number): Promise<unknown>;
}

/** Above all numbers of the populace. */
const EXTRA_PORT = 100_000;
const EXTRA_NETWORK = 20_000;

export const CHANGES: readonly Change[] = [
  {
    name: 'network create',
    run: (populace, round) => populace.createNetwork('extra', EXTRA_NETWORK + round),
    after: ({ service }) => service.send('network.delete', { name: 'extra' }),
  },
  {
    name: 'peer create, second side',
    before: (populace) => populace.createPeer('n0', 'n' + (populace.networks - 1)),
    run: (populace) => populace.createPeer('n' + (populace.networks - 1), 'n0'),
    after: async (populace) => {
      const last = 'n' + (populace.networks - 1);
      await populace.deletePeer('n0', last);
      await populace.deletePeer(last, 'n0');
    },
  },
  {
    name: 'NIC start',
    run: (populace, round) => populace.activate(EXTRA_PORT + round, 'n1'),
    after: ({ service }, round) => service.send('port.remove', { instanceId: `i${EXTRA_PORT + round}` }),
  },
  {
    name: 'NIC start with external routes and an ACL',
    run: (populace, round) => populace.activate(EXTRA_PORT + round, 'n1', { 'ipv4.routes.external': '198.51.100.8/30', 'security.acls': ACL }),
    after: ({ service }, round) => service.send('port.remove', { instanceId: `i${EXTRA_PORT + round}` }),
  },
  {
    name: 'ACL attached to a network of ten ports',
    run: ({ service }) => service.send('network.update', { name: 'n1', mode: 'merge', config: { 'security.acls': ACL } }),
    after: ({ service }) => service.send('network.update', { name: 'n1', mode: 'merge', config: { 'security.acls': '' } }),
  },
  {
    name: 'rule of an ACL changed',
    before: ({ service }) => service.send('network.update', { name: 'n1', mode: 'merge', config: { 'security.acls': ACL } }),
    run: ({ service }, round) => service.send('network-acl.update', { name: ACL, mode: 'replace', ingress: [rule(1_000 + round)], egress: [] }),
    after: ({ service }) => service.send('network.update', { name: 'n1', mode: 'merge', config: { 'security.acls': '' } }),
  },
  {
    name: 'forward create',
    run: ({ service }) =>
      service.send('network-forward.create', {
        network: 'n1',
        listenAddress: '198.51.100.200',
        description: '',
        config: {},
        ports: [{ description: '', protocol: 'tcp', listen_port: '80', target_port: '80', target_address: '10.0.1.9' }],
      }),
    after: ({ service }) => service.send('network-forward.delete', { network: 'n1', listenAddress: '198.51.100.200' }),
  },
];
