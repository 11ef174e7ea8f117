/**
 * Sockets in a network namespace of their own, one namespace for each network: subnets of tenants may overlap.
 *
 *   helper in a new namespace --makes the wire, binds UDP and TCP--> hands the sockets to us, ends
 *   br-int -- veth -- the namespace, which lives as long as the sockets do: nothing is left of it when we die
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Server } from 'node:net';
import type { GuestResolver } from '@weft/contracts';
import type { HostLinks } from './host-links';

const DNS_PORT = 53;

export interface ResolverSockets {
  udp: UdpSocket;
  tcp: Server;
}

/** Binds and sends. Node hands sockets over by SCM_RIGHTS (process.send). */
const HELPER = `
const dgram = require('node:dgram'), net = require('node:net');
const [address, port] = process.argv.slice(1);
process.on('disconnect', () => process.exit(0));
const udp = dgram.createSocket('udp4'), tcp = net.createServer();
udp.bind(Number(port), address, () => tcp.listen(Number(port), address, () => process.send('udp', udp, () => process.send('tcp', tcp))));
`;

/**
 * In the new namespace, as one program: each one that the agent itself starts keeps it from its work. Answers leave by the wire,
 * whatever subnet the guest is in: it is a neighbour. $1 is the host's namespace.
 */
const SCRIPT = `
set -eu
ip link add name dns address "$3" up type veth peer name "$2" netns "$1"
nsenter "--net=$1" ip link set dev "$2" up
[ "$5" = on ] || ethtool -K dns tx off >/dev/null
printf '%s\\n' "address add $4/32 dev dns" 'route add default dev dns' | ip -batch -
shift 5
exec "$@"
`;

/** @param link name of the host's end of the wire, which is made here @throws Error when the sockets cannot be had; the wire is gone then */
export async function openResolverPlace(links: HostLinks, link: string, { hwaddr, address }: GuestResolver, offload: boolean): Promise<ResolverSockets> {
  await links.remove(link);
  const wire = [links.namespace, link, hwaddr, address, offload ? 'on' : 'off'];
  const program = [process.execPath, '-e', HELPER, address, String(DNS_PORT)];
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  const helper = spawn('unshare', ['--net', '--', 'sh', '-c', SCRIPT, 'sh', ...wire, ...program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env });
  try {
    const [udp, tcp] = await Promise.all([nextMessage<UdpSocket>(helper, 'udp'), nextMessage<Server>(helper, 'tcp')]);
    return { udp, tcp };
  } catch (error) {
    await links.remove(link);
    throw error;
  } finally {
    helper.kill('SIGKILL');
  }
}

const HELPER_TIMEOUT_MS = 20_000;

/** The helper's message of that name, and what came with it. */
async function nextMessage<Handle>(helper: ChildProcess, name: string): Promise<Handle> {
  const signal = AbortSignal.timeout(HELPER_TIMEOUT_MS);
  const ended = once(helper, 'exit', { signal }).then(([code]) => {
    throw new Error(`the helper that opens a resolver's sockets ended with ${String(code)}`);
  });
  const arrived = (async () => {
    for (;;) {
      const [message, handle] = (await once(helper, 'message', { signal })) as [string, Handle];
      if (message === name) return handle;
    }
  })();
  return Promise.race([arrived, ended]);
}
