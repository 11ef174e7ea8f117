import { once } from 'node:events';
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { TcpConnection, type TcpParts } from './tcp-connection';

/** What waits for one client at most, besides the message that is being made. */
const HIGH_WATER_BYTES = 256 * 1024;

export class TcpListener {
  private readonly sockets = new Set<Socket>();
  private readonly perAddress = new Map<string, number>();

  private constructor(
    private readonly server: Server,
    private readonly parts: TcpParts,
  ) {
    server.on('connection', (socket) => this.take(socket));
    server.on('error', (error) => parts.report({ kind: 'fault', error }));
  }

  static async listen(place: { address: string; port: number }, parts: TcpParts): Promise<TcpListener> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: HIGH_WATER_BYTES });
    const listening = once(server, 'listening');
    server.listen({ host: place.address, port: place.port, ipv6Only: isIPv6(place.address), backlog: 511 });
    await listening;
    return new TcpListener(server, parts);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Cuts off whoever is still connected: a secondary asks again. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private take(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const ofAddress = this.perAddress.get(address) ?? 0;
    const { limits, counters, report } = this.parts;
    if (this.sockets.size >= limits.tcpConnections || ofAddress >= limits.tcpConnectionsPerAddress) {
      counters.tcpRefused++;
      report({
        kind: 'refused',
        reason: 'too-many-connections',
        what: 'connection',
        clientAddress: address,
        clientPort: socket.remotePort ?? 0,
        transport: 'tcp',
      });
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    this.perAddress.set(address, ofAddress + 1);
    counters.tcpConnections++;
    socket.on('close', () => this.forget(socket, address));
    new TcpConnection(socket, this.parts);
  }

  private forget(socket: Socket, address: string): void {
    this.sockets.delete(socket);
    this.parts.counters.tcpConnections--;
    const left = (this.perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.perAddress.set(address, left);
    else this.perAddress.delete(address);
  }
}
