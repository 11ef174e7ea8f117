/** Websocket upgrades, for both listeners: events and operation channels. Everything else is refused in LXD's shape. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { WeftError } from '@weft/contracts';
import { lookedUp } from '@weft/platform';
import type { Actor } from '../domain/policy';
import { fdOfSecret } from '../domain/operation-secret';
import type { Deps } from '../gateway.deps';
import { findOperation } from '../queries/operation.query';
import { endWithRights, eventSelection, serveEvents } from '../sockets/event.socket';
import { bridgeOperationSocket } from '../sockets/operation.socket';
import { rawErrorResponse } from './envelope';
import { publicError } from './errors';
import { tracedUpgrade } from './trace';

const MAX_MESSAGE_BYTES = 1024 * 1024;
const GOING_AWAY = 1001;
/** How long a client may take to answer the close frame. */
const FAREWELL_MS = 1_000;
const OPERATION_SOCKET = /^\/1\.0\/operations\/([^/]+)\/websocket$/;

type Identify = (request: IncomingMessage) => Actor | Promise<Actor>;
/** Serves the socket once the upgrade is done. */
type Serve = (socket: WebSocket) => void;

export interface Upgrades {
  attach(server: Server): void;
  /** Says goodbye to every websocket. */
  close(): void;
}

export function createUpgrades(deps: Deps, identify: Identify): Upgrades {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
  lookedUp({ name: 'weft_gateway_websockets', help: 'Open websockets: listeners of events, channels of exec and console' }, (gauge) =>
    gauge.set(sockets.clients.size),
  );
  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> =>
    tracedUpgrade(request, async () => {
      stream.on('error', () => stream.destroy());
      try {
        const serve = await decide(deps, request, identify);
        sockets.handleUpgrade(request, stream, head, serve);
      } catch (error) {
        const { status, message } = publicError(error);
        if (status >= 500) deps.logger.error({ err: error, url: request.url?.split('?', 1)[0] }, 'upgrade failed');
        stream.end(rawErrorResponse(status, message));
      }
    });
  return {
    attach: (server) => server.on('upgrade', (request, stream, head) => void upgrade(request, stream, head)),
    close: () => {
      for (const socket of sockets.clients) socket.close(GOING_AWAY, 'The server stops');
      setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), FAREWELL_MS).unref();
    },
  };
}

async function decide(deps: Deps, request: IncomingMessage, identify: Identify): Promise<Serve> {
  const actor = await identify(request);
  const url = new URL(request.url ?? '/', 'http://weft');
  if (url.pathname === '/1.0/events') {
    const wants = eventSelection(actor, url.searchParams);
    return (socket) => {
      serveEvents(socket, deps.hub, wants);
      endWithRights(socket, deps.trust, actor, async () => identify(request));
    };
  }
  const operation = OPERATION_SOCKET.exec(url.pathname)?.[1];
  if (operation === undefined) throw new WeftError('request.not-found', 'not found');
  if (!(await findOperation(deps.reads, operation))) throw new WeftError('operation.not-found', 'Operation not found');
  const fd = fdOfSecret(deps.sessionKey, operation, url.searchParams.get('secret') ?? '');
  if (!fd) throw new WeftError('auth.forbidden', 'not authorized');
  return (socket) => bridgeOperationSocket(socket, deps.nc, operation, fd);
}
