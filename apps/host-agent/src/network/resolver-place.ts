/**
 * Sockets in a network namespace of their own, one namespace for each network: subnets of tenants may overlap.
 *
 *   helper in a new namespace --binds UDP and TCP--> hands the sockets to us, ends
 *   br-int -- veth -- the namespace, which lives as long as the sockets do: nothing is left of it when we die
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Server } from 'node:net';
import type { GuestResolver } from '@weft/contracts';
import { runProgram } from '../storage/vm-program';
import type { HostLinks } from './host-links';

const DNS_PORT = 53;

export interface ResolverSockets {
  udp: UdpSocket;
  tcp: Server;
}

/** Says that it is there; then binds what it is told and sends it. Node hands sockets over by SCM_RIGHTS (process.send). */
const HELPER = `
const dgram = require('node:dgram'), net = require('node:net');
process.on('disconnect', () => process.exit(0));
process.on('message', ({ address, port }) => {
  const udp = dgram.createSocket('udp4'), tcp = net.createServer();
  udp.bind(port, address, () => tcp.listen(port, address, () => process.send('udp', udp, () => process.send('tcp', tcp))));
});
process.send('here');
`;

/** @param link name of the host's end of the wire, which is made here @throws Error when the sockets cannot be had; the wire is gone then */
export async function openResolverPlace(links: HostLinks, link: string, resolver: GuestResolver, offload: boolean): Promise<ResolverSockets> {
  await links.remove(link);
  const helper = spawn('unshare', ['--net', '--', process.execPath, '-e', HELPER], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: {} });
  try {
    await nextMessage(helper, 'here');
    await makeWire(links, link, helper.pid!, resolver, offload);
    const [udp, tcp] = [nextMessage<UdpSocket>(helper, 'udp'), nextMessage<Server>(helper, 'tcp')];
    helper.send({ address: resolver.address, port: DNS_PORT });
    return { udp: await udp, tcp: await tcp };
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

/** Answers leave by the wire, whatever subnet the guest is in: it is a neighbour. */
async function makeWire(links: HostLinks, link: string, pid: number, { hwaddr, address }: GuestResolver, offload: boolean): Promise<void> {
  const inside = (program: string, ...args: string[]) => runProgram('nsenter', [`--net=/proc/${pid}/ns/net`, '--', program, ...args]);
  await links.run('ip', ['link', 'add', 'name', link, 'type', 'veth', 'peer', 'name', 'dns', 'address', hwaddr, 'netns', String(pid)]);
  if (!offload) await inside('ethtool', '-K', 'dns', 'tx', 'off');
  await inside('ip', 'address', 'add', `${address}/32`, 'dev', 'dns');
  await inside('ip', 'link', 'set', 'dev', 'dns', 'up');
  await inside('ip', 'route', 'add', 'default', 'dev', 'dns');
  await links.run('ip', ['link', 'set', 'dev', link, 'up']);
}
