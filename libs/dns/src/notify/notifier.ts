/**
 * Tells secondaries about changes (RFC 1996).
 *
 *          announce                    answer
 *   idle ───────────> sent, waiting ───────────> idle
 *                      │   ^    │ newer serial: begins anew, at once or after the pause between two messages
 *                      └───┘    └ no answer after the last attempt: unanswered; the secondary's refresh remains
 *                 again, after a time that doubles
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { randomInt } from 'node:crypto';
import { type Name, nameKey } from '../names/name';
import { canonicalAddress } from '../server/address';
import { RCODE } from '../wire/header';
import type { StartOfAuthority } from '../zone/zone-record';
import type { NotifyTarget, ServedZone } from '../zone-source';
import { notifyMessage, type NotifyMessage, readNotifyAnswer } from './notify-message';

export interface NotifyReport {
  readonly kind: 'notify';
  readonly zone: Name;
  readonly target: NotifyTarget;
  readonly serial: number;
  readonly outcome: 'acknowledged' | 'refused' | 'unanswered';
  readonly attempts: number;
  readonly durationMs: number;
  /** With `refused`. */
  readonly rcode?: number;
  readonly tsigError?: number;
}

export interface NotifierOptions {
  readonly report: (report: NotifyReport) => void;
  /** Where NOTIFY comes from: secondaries look at it. The system's choice when missing. */
  readonly sourceAddress?: { readonly ipv4?: string; readonly ipv6?: string };
  readonly firstTimeoutMs?: number;
  readonly maxTimeoutMs?: number;
  readonly attempts?: number;
  /** Between two messages about one zone to one secondary, however quickly the zone changes. */
  readonly minIntervalMs?: number;
  readonly nowSeconds?: () => number;
}

interface Errand {
  readonly apex: Name;
  readonly target: NotifyTarget;
  soa: StartOfAuthority;
  attempts: number;
  startMs: number;
  lastSentMs: number;
  timer: NodeJS.Timeout | undefined;
  waiting: { id: number; sent: NotifyMessage } | undefined;
}

const DEFAULTS = { firstTimeoutMs: 1_000, maxTimeoutMs: 30_000, attempts: 8, minIntervalMs: 50 };
const DNS_PORT = 53;

export class Notifier {
  private readonly errands = new Map<string, Errand>();
  private readonly sockets = new Map<'udp4' | 'udp6', Promise<Socket>>();
  private readonly settings: typeof DEFAULTS & { nowSeconds: () => number };
  private closed = false;

  constructor(private readonly options: NotifierOptions) {
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.settings = { ...DEFAULTS, nowSeconds: () => Math.floor(Date.now() / 1000), ...Object.fromEntries(given) };
  }

  /** Tells every target of the zone its serial. An older one that is still being told is replaced. Returns at once. */
  announce(zone: Pick<ServedZone, 'content' | 'notify'>): void {
    if (this.closed) return;
    for (const target of zone.notify) this.begin(zone.content.apex, zone.content.soa, target);
  }

  /** Messages that are still without an answer are given up, without a report. */
  async close(): Promise<void> {
    this.closed = true;
    for (const errand of this.errands.values()) clearTimeout(errand.timer);
    this.errands.clear();
    const sockets = await Promise.all(this.sockets.values());
    for (const socket of sockets) socket.close();
  }

  private begin(apex: Name, soa: StartOfAuthority, target: NotifyTarget): void {
    const key = `${nameKey(apex)}${canonicalAddress(target.address)}#${target.port ?? DNS_PORT}`;
    const present = this.errands.get(key);
    const nowMs = performance.now();
    clearTimeout(present?.timer);
    const errand: Errand = {
      apex,
      target,
      soa,
      attempts: 0,
      startMs: nowMs,
      lastSentMs: present?.lastSentMs ?? -Infinity,
      timer: undefined,
      waiting: undefined,
    };
    this.errands.set(key, errand);
    const waitMs = errand.lastSentMs + this.settings.minIntervalMs - nowMs;
    if (waitMs <= 0) this.send(key, errand);
    else errand.timer = setTimeout(() => this.send(key, errand), waitMs);
  }

  private send(key: string, errand: Errand): void {
    errand.attempts++;
    errand.lastSentMs = performance.now();
    const id = randomInt(65_536);
    const sent = notifyMessage(id, errand.apex, errand.soa, errand.target, this.settings.nowSeconds);
    errand.waiting = { id, sent };
    const timeoutMs = Math.min(this.settings.maxTimeoutMs, this.settings.firstTimeoutMs * 2 ** (errand.attempts - 1));
    errand.timer = setTimeout(() => this.again(key, errand), timeoutMs);
    const { address, port = DNS_PORT } = errand.target;
    this.socket(isIPv6(address) ? 'udp6' : 'udp4').then(
      // An address that cannot be reached now may be reached later: the time-out sends again.
      (socket) => this.closed || socket.send(sent.octets, port, address, () => {}),
      // The source address is not there: the same.
      () => undefined,
    );
  }

  private again(key: string, errand: Errand): void {
    if (errand.attempts < this.settings.attempts) this.send(key, errand);
    else this.finish(key, errand, { outcome: 'unanswered' });
  }

  private take(message: Buffer, from: { address: string; port: number }): void {
    if (message.length < 2) return;
    const id = message.readUInt16BE(0);
    for (const [key, errand] of this.errands) {
      if (errand.waiting?.id !== id || !isFrom(errand.target, from)) continue;
      const answer = readNotifyAnswer(message, errand.waiting.sent, errand.target, this.settings.nowSeconds());
      if (answer.kind === 'acknowledged') this.finish(key, errand, { outcome: 'acknowledged' });
      // A server that starts says SERVFAIL; the time-out asks again.
      if (answer.kind === 'refused' && answer.rcode !== RCODE.SERVFAIL) {
        this.finish(key, errand, { outcome: 'refused', rcode: answer.rcode, tsigError: answer.tsigError });
      }
      return;
    }
  }

  private finish(key: string, errand: Errand, outcome: Pick<NotifyReport, 'outcome' | 'rcode' | 'tsigError'>): void {
    clearTimeout(errand.timer);
    errand.waiting = undefined;
    // Remembered for the pause between two messages only.
    errand.timer = setTimeout(() => this.errands.delete(key), this.settings.minIntervalMs);
    const { apex, target, soa, attempts, startMs } = errand;
    this.options.report({ kind: 'notify', zone: apex, target, serial: soa.serial, attempts, durationMs: performance.now() - startMs, ...outcome });
  }

  private socket(type: 'udp4' | 'udp6'): Promise<Socket> {
    let socket = this.sockets.get(type);
    if (!socket) {
      socket = this.open(type);
      this.sockets.set(type, socket);
      // Tried anew with the next message.
      socket.catch(() => this.sockets.delete(type));
    }
    return socket;
  }

  private async open(type: 'udp4' | 'udp6'): Promise<Socket> {
    const socket = createSocket(type);
    const listening = once(socket, 'listening');
    socket.bind(0, type === 'udp4' ? this.options.sourceAddress?.ipv4 : this.options.sourceAddress?.ipv6);
    await listening;
    socket.on('message', (message, from) => this.take(message, from));
    // ICMP errors of earlier messages come here; the time-out of the message is what counts.
    socket.on('error', () => undefined);
    return socket;
  }
}

const isFrom = (target: NotifyTarget, from: { address: string; port: number }): boolean =>
  (target.port ?? DNS_PORT) === from.port && canonicalAddress(target.address) === canonicalAddress(from.address);
