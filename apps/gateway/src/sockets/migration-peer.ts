/**
 * Where the other server of a migration waits, and how it is called: in pull mode by the sink, in push mode by the source.
 *
 *   channel of our operation attached (the agent is there) --> wss://<other>/1.0/operations/<id>/websocket?secret=
 */
import { X509Certificate } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { WeftError } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { WebSocket, type ClientOptions } from 'ws';
import { MIGRATION_FDS, type MigrationChannel } from '../domain/operation-secret';
import { joinMigration, openMigrationChannel } from './migration.socket';

export interface MigrationPeer {
  /** Of the operation there. */
  url: URL;
  secrets: Record<MigrationChannel, string>;
  /** PEM; "" for one that the machine trusts. */
  certificate: string;
}

interface GivenPeer {
  operation?: string;
  secrets?: Record<string, string>;
  certificate?: string;
}

/** Our own operation begins with a network to ask and a host to choose. */
const AGENT_PATIENCE_MS = 5 * 60_000;
const HANDSHAKE_MS = 10_000;
const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_ANSWER_BYTES = 16 * 1024;

/** @throws WeftError request.invalid */
export function requirePeer({ operation = '', secrets = {}, certificate = '' }: GivenPeer): MigrationPeer {
  const url = URL.canParse(operation) ? new URL(operation) : undefined;
  if (url?.protocol !== 'https:' || !/^\/1\.0\/operations\/[^/]+$/.test(url.pathname))
    throw new WeftError('request.invalid', 'The address of the operation at the other server is missing: https://<server>/1.0/operations/<id>');
  const { control, fs } = secrets;
  if (!control || !fs) throw new WeftError('request.invalid', 'The secrets "control" and "fs" of the operation at the other server are missing');
  if (certificate !== '') requireCertificate(certificate);
  return { url, secrets: { control, fs }, certificate };
}

function requireCertificate(pem: string): void {
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new WeftError('certificate.invalid', 'The certificate of the other server cannot be read: it must be PEM', { cause });
  }
}

/** Joins both channels of the operation with the other server's. What goes wrong ends them, and so the operation. */
export function dialPeer(nc: NatsConnection, operationId: string, peer: MigrationPeer, logger: Logger): void {
  for (const name of Object.keys(MIGRATION_FDS) as MigrationChannel[]) {
    const channel = openMigrationChannel(nc, operationId, name, AGENT_PATIENCE_MS);
    channel.attached
      .then(() => connect(peer, name))
      .then(
        (socket) => joinMigration(socket, channel, name),
        (error: Error) => {
          logger.info({ err: error, operationId, channel: name }, 'the other server of a migration was not reached');
          channel.abort(error.message);
        },
      );
  }
}

function connect({ url, secrets, certificate }: MigrationPeer, name: MigrationChannel): Promise<WebSocket> {
  const socket = new WebSocket(`wss://${url.host}${url.pathname}/websocket?secret=${encodeURIComponent(secrets[name])}`, pinned(certificate));
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', (error) => reject(new Error(inWords(error, url))));
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text = `${text}${chunk.toString()}`.slice(0, MAX_ANSWER_BYTES)));
      response.on('close', () => reject(new Error(`The other server (${url.host}) refuses the connection: ${refusalIn(text) || response.statusCode}`)));
    });
  });
}

/** Only the server with this very certificate is talked to, whatever it is called. */
function pinned(certificate: string): ClientOptions {
  const base: ClientOptions = { handshakeTimeout: HANDSHAKE_MS, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES, followRedirects: false };
  if (certificate === '') return base;
  // Nothing else is trusted than this certificate, which has signed itself: its name does not matter. `false`: nothing to complain of.
  return { ...base, ca: certificate, checkServerIdentity: () => false };
}

function inWords(error: NodeJS.ErrnoException, { host }: URL): string {
  if (/CERT|SIGNATURE|ISSUER/.test(error.code ?? '')) return `The server at ${host} does not have the certificate that was given for it`;
  return `The other server (${host}) cannot be reached: ${error.message}`;
}

function refusalIn(text: string): string {
  try {
    return String((JSON.parse(text) as { error?: unknown }).error ?? '');
  } catch {
    return '';
  }
}
