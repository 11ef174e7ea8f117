/** The two ways in: HTTPS for certificates and the unix socket for local root. One handler serves both. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { rawErrorResponse } from './envelope';
import type { ServerCertificate } from './server-certificate';

/** Stock clients wait up to an hour for a reply; uploads take as long as they take. */
const LIMITS = { requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 65_000, maxHeaderSize: 128 * 1024, noDelay: true };
const HANDSHAKE_TIMEOUT_MS = 10_000;
const SOCKET_MODE = 0o660;

/**
 * TLS 1.3 with a client certificate asked for and not verified: trust is by fingerprint (http/identity.ts). Session
 * tickets stay on. HTTP/1.1 only, because websockets need it.
 */
export async function listenHttps(address: { host: string; port: number }, certificate: ServerCertificate, handler: RequestListener): Promise<Server> {
  const server = createTlsServer(
    {
      ...LIMITS,
      key: certificate.keyPem,
      cert: certificate.certPem,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ALPNProtocols: ['http/1.1'],
    },
    handler,
  );
  await listening(server, () => server.listen({ port: address.port, ...(address.host === '' ? {} : { host: address.host }) }));
  return server;
}

/** Replaces a socket that a dead process left; refuses to take over from a living one. */
export async function listenUnix(path: string, handler: RequestListener): Promise<Server> {
  await mkdir(dirname(path), { recursive: true });
  if (await answers(path)) throw new Error(`${path} is in use by another process`);
  await rm(path, { force: true });
  const server = createServer(LIMITS, handler);
  await listening(server, () => server.listen(path));
  await chmod(path, SOCKET_MODE);
  return server;
}

function listening(server: Server, start: () => void): Promise<void> {
  server.on('clientError', refuseMalformed);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    start();
  });
}

/** What is no HTTP gets an answer in LXD's shape all the same, when the connection still takes one. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  socket.end(rawErrorResponse(tooLarge ? 431 : 400, tooLarge ? 'The request headers are too large' : 'This is not a valid HTTP request'));
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Stops taking requests, gives those under way a moment, then ends what is left. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
