/** Who sent a request: the local socket's root, or the holder of a client certificate. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { actorOfCertificate, unixActor, type Actor } from '../domain/policy';
import type { TrustStore } from '../clients/trust.client';

interface Peer {
  fingerprint: string;
  validFromMs: number;
  validToMs: number;
  address: string;
}

/** What a connection's certificate says does not change while the connection lives. */
const peers = new WeakMap<Socket, Peer>();

export function createIdentify(trust: TrustStore): (request: IncomingMessage) => Actor | Promise<Actor> {
  return ({ socket }) => {
    if (!(socket instanceof TLSSocket)) return unixActor;
    const peer = peers.get(socket) ?? remember(socket);
    const now = Date.now();
    const expired = now > peer.validToMs || now < peer.validFromMs;
    if (peer.fingerprint === '' || expired) return actorOfCertificate(undefined, '', peer.address, expired);
    const known = trust.find(peer.fingerprint);
    if (known instanceof Promise) return known.then((certificate) => actorOfCertificate(certificate, peer.fingerprint, peer.address, false));
    return actorOfCertificate(known, peer.fingerprint, peer.address, false);
  };
}

function remember(socket: TLSSocket): Peer {
  const certificate = socket.getPeerX509Certificate();
  const address = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`;
  const peer: Peer = certificate
    ? {
        fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        validFromMs: Date.parse(certificate.validFrom),
        validToMs: Date.parse(certificate.validTo),
        address,
      }
    : { fingerprint: '', validFromMs: 0, validToMs: Number.MAX_SAFE_INTEGER, address };
  peers.set(socket, peer);
  return peer;
}
