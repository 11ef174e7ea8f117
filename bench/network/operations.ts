/** What is measured: the same requests to both, over the unix socket. */
import { act, type Endpoint } from '../api/http';

export interface Side {
  name: string;
  endpoint: Endpoint;
  uplink: string;
  /** Second number of its networks' addresses: both sides share one OVN. */
  second: number;
}

export interface Operation {
  name: string;
  before?(side: Side, round: number): Promise<unknown>;
  /** This is timed. */
  run(side: Side, round: number): Promise<unknown>;
  after?(side: Side, round: number): Promise<unknown>;
}

/** LXD allows one NIC of an instance on a network: as many containers. */
export const PORTS = Number(process.env.BENCH_PORTS ?? 100);
const AT_ONCE = 4;
/** The network with 100 ports, and the one of the container that gets NICs. */
const WIDE = 'wide';
const PLAIN = 'plain';
const ACL = 'bench';
const ROOT_DISK = { type: 'disk', path: '/', pool: 'default' };

const nic = (network: string) => ({ type: 'nic', network });
const rule = (port: number) => ({ action: 'allow', state: 'enabled', protocol: 'tcp', destination_port: String(port) });
const acl = (port: number) => ({ description: '', config: {}, egress: [], ingress: [rule(22), rule(port)] });

const createNetwork = ({ endpoint, uplink, second }: Side, name: string, third: number): Promise<unknown> =>
  act(endpoint, 'POST', '/1.0/networks', {
    name,
    type: 'ovn',
    config: { network: uplink, 'ipv4.address': `10.${second}.${third}.1/24`, 'ipv4.nat': 'true', 'ipv6.address': 'none' },
  });
const deleteNetwork = ({ endpoint }: Side, name: string): Promise<unknown> => act(endpoint, 'DELETE', `/1.0/networks/${name}`);
const createPeer = ({ endpoint }: Side, network: string, target: string): Promise<unknown> =>
  act(endpoint, 'POST', `/1.0/networks/${network}/peers`, { name: `to-${target}`, target_network: target });
const deletePeer = ({ endpoint }: Side, network: string, target: string): Promise<unknown> =>
  act(endpoint, 'DELETE', `/1.0/networks/${network}/peers/to-${target}`);
const setNetwork = ({ endpoint }: Side, name: string, config: Record<string, string>): Promise<unknown> =>
  act(endpoint, 'PATCH', `/1.0/networks/${name}`, { config });
const createInstance = ({ endpoint }: Side, name: string, devices: object): Promise<unknown> =>
  act(endpoint, 'POST', '/1.0/instances', { name, profiles: [], devices: { root: ROOT_DISK, ...devices }, source: { type: 'image', alias: 'tiny' } });
const setState = ({ endpoint }: Side, name: string, action: 'start' | 'stop'): Promise<unknown> =>
  act(endpoint, 'PUT', `/1.0/instances/${name}/state`, { action, force: true, timeout: 60 });
/** The whole of the instance: a change that leaves `volatile.*` out is refused. */
const setDevices = async ({ endpoint }: Side, name: string, devices: object): Promise<unknown> => {
  const { metadata } = await act(endpoint, 'GET', `/1.0/instances/${name}`);
  return act(endpoint, 'PUT', `/1.0/instances/${name}`, { ...metadata, devices: { root: ROOT_DISK, ...devices } });
};

/** What the operations need: a container with a NIC, one without, and a network with many ports. */
export const prepare = async (side: Side): Promise<void> => {
  await createNetwork(side, PLAIN, 1);
  await createNetwork(side, WIDE, 2);
  await act(side.endpoint, 'POST', '/1.0/network-acls', { name: ACL, ...acl(80) });
  await createInstance(side, 'single', { eth0: nic(PLAIN) });
  await createInstance(side, 'bare', {});
  await setState(side, 'bare', 'start');
  const startNext = async (names: Iterator<string>): Promise<void> => {
    for (let next = names.next(); !next.done; next = names.next()) {
      await createInstance(side, next.value, { eth0: nic(WIDE) });
      await setState(side, next.value, 'start');
    }
  };
  const names = Array.from({ length: PORTS }, (_, n) => `many${n}`).values();
  await Promise.all(Array.from({ length: AT_ONCE }, () => startNext(names)));
};

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'network create',
    run: (side, round) => createNetwork(side, `net${round}`, 10 + round),
    after: (side, round) => deleteNetwork(side, `net${round}`),
  },
  {
    name: 'peer create, second side',
    before: async (side, round) => {
      for (const [index, name] of ['a', 'b'].entries()) await createNetwork(side, `${name}${round}`, 100 + 2 * round + index);
      await createPeer(side, `a${round}`, `b${round}`);
    },
    run: (side, round) => createPeer(side, `b${round}`, `a${round}`),
    after: async (side, round) => {
      await deletePeer(side, `a${round}`, `b${round}`);
      await deletePeer(side, `b${round}`, `a${round}`);
      for (const name of ['a', 'b']) await deleteNetwork(side, `${name}${round}`);
    },
  },
  {
    name: 'NIC added to a running container',
    run: (side) => setDevices(side, 'bare', { eth0: nic(PLAIN) }),
    after: (side) => setDevices(side, 'bare', {}),
  },
  {
    name: 'start of a container with a NIC',
    run: (side) => setState(side, 'single', 'start'),
    after: (side) => setState(side, 'single', 'stop'),
  },
  {
    name: `ACL attached to a network, ${PORTS} ports`,
    run: (side) => setNetwork(side, WIDE, { 'security.acls': ACL }),
    after: (side) => setNetwork(side, WIDE, { 'security.acls': '' }),
  },
  {
    name: 'rule of that ACL changed',
    before: (side) => setNetwork(side, WIDE, { 'security.acls': ACL }),
    run: ({ endpoint }, round) => act(endpoint, 'PUT', `/1.0/network-acls/${ACL}`, acl(1_000 + round)),
    after: (side) => setNetwork(side, WIDE, { 'security.acls': '' }),
  },
];
