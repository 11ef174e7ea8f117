/**
 * One request, one reply; pure but for the reports.
 *
 *   octets ── cannot be read ──> FORMERR, or nothing
 *     │ signature wrong ──> NOTAUTH (RFC 8945)      other opcodes ──> NOTIMP      EDNS 1 ──> BADVERS
 *     │ which zone? none ──> REFUSED, NOTAUTH for transfers      may the client? no ──> REFUSED
 *     └─> answer | transfer
 */
import { type Name, type NameKey, selfAndAncestors } from '../names/name';
import { TYPE } from '../records/record-type';
import { checkSignature, type SignatureCheck } from '../tsig/check-signature';
import { CLASS, FLAG, OPCODE, opcodeOf, RCODE } from '../wire/header';
import { MAX_MESSAGE_OCTETS, MessageWriter } from '../wire/message-writer';
import { PLAIN_UDP_OCTETS, UDP_PAYLOAD_OCTETS } from '../wire/opt-record';
import { MalformedMessage } from '../wire/read-name';
import { type DnsRequest, readRequest } from '../wire/read-request';
import type { ServedZone, ZoneSource } from '../zone-source';
import { refusalReason } from './access';
import { ZoneBlocks } from '../transfer/zone-blocks';
import type { ZoneContent } from '../zone/zone-content';
import { AnswerCaches } from './answer-cache';
import type { DnsLimits } from './dns-limits';
import type { Refusal, RefusalReason, ReportDns } from './dns-report';
import { planTransfer, type PlannedTransfer } from './plan-transfer';
import type { ResponseKind } from './rate-limiter';
import { writeAnswer, writeHeaderOnly, writeRefusal } from './write-answer';

export interface DnsClient {
  readonly address: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
}

export type Reply =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'message';
      readonly octets: Buffer;
      readonly responseKind: ResponseKind;
      /** Undefined when the request could not be read. */
      readonly request?: DnsRequest;
      /** A peer that proved who it is: its source is not forged. */
      readonly signed: boolean;
    }
  | { readonly kind: 'transfer'; readonly transfer: PlannedTransfer };

const NONE: Reply = { kind: 'none' };
const isTransfer = (type: number): boolean => type === TYPE.AXFR || type === TYPE.IXFR;
/** Types of questions that are no data, ANY and transfers apart. */
const isMeta = (type: number): boolean => type === TYPE.OPT || (type >= 249 && type <= 254);

interface Asked {
  readonly request: DnsRequest;
  readonly client: DnsClient;
  readonly signature: Exclude<SignatureCheck, { kind: 'wrong' }>;
}

export class RequestHandler {
  private readonly writer = new MessageWriter();
  private readonly caches: AnswerCaches;
  private readonly blocks: ZoneBlocks;

  constructor(
    private readonly source: ZoneSource,
    private readonly report: ReportDns,
    limits: Pick<DnsLimits, 'answerCacheBytes' | 'transferCacheBytes'>,
    private readonly nowSeconds: () => number,
  ) {
    this.caches = new AnswerCaches(limits.answerCacheBytes);
    this.blocks = new ZoneBlocks(limits.transferCacheBytes);
  }

  /** See `DnsServer.prepare`. */
  prepare(content: ZoneContent): Promise<void> {
    return this.blocks.prepare(content);
  }

  handle(message: Buffer, client: DnsClient): Reply {
    const read = readRequest(message);
    if (read.kind === 'ignored') return NONE;
    if (read.kind === 'malformed') return plainError(writeHeaderOnly(read, opcodeOf(read.flags) === OPCODE.QUERY ? RCODE.FORMERR : RCODE.NOTIMP));
    try {
      return this.request(read.request, client);
    } catch (error) {
      if (error instanceof MalformedMessage) return plainError(writeHeaderOnly(read.request, RCODE.FORMERR));
      this.report({ kind: 'fault', error });
      return plainError(writeHeaderOnly(read.request, RCODE.SERVFAIL));
    }
  }

  private request(request: DnsRequest, client: DnsClient): Reply {
    const signature = checkSignature(request, this.source, this.nowSeconds);
    if (signature.kind === 'wrong') return this.wrongSignature(request, client, signature);
    const asked: Asked = { request, client, signature };
    const opcode = opcodeOf(request.flags);
    if (opcode === OPCODE.NOTIFY) return this.refuse(asked, 'not-a-secondary', RCODE.NOTAUTH);
    if (opcode !== OPCODE.QUERY) return this.error(asked, RCODE.NOTIMP);
    if (request.edns && request.edns.version > 0) return this.error(asked, RCODE.BADVERS);
    if (request.class !== CLASS.IN) return this.refuse(asked, 'class-not-served', RCODE.REFUSED);
    if (isTransfer(request.type)) return this.transfer(asked);
    if (isMeta(request.type)) return this.error(asked, RCODE.NOTIMP);
    return this.query(asked);
  }

  private query(asked: Asked): Reply {
    const { request, client, signature } = asked;
    const zone = this.closestZone(request);
    if (!zone) return this.refuse(asked, 'zone-unknown', RCODE.REFUSED);
    const reason = zone.queries === 'anyone' ? undefined : refusalReason(zone, client.address, keyNameOf(signature));
    if (reason) return this.refuse(asked, reason, RCODE.REFUSED, zone);
    const limit = roomFor(request, client.transport) - (signature.kind === 'valid' ? signature.signer.octets : 0);
    const octets = writeAnswer(this.writer, zone.content, request, { limit }, this.caches.of(zone.content));
    const absent = (octets[3]! & 15) === RCODE.NXDOMAIN || octets.readUInt16BE(6) === 0;
    return this.message(asked, octets, absent ? 'absent' : 'answer');
  }

  private transfer(asked: Asked): Reply {
    const { request, client, signature } = asked;
    const zone = this.source.zone(request.key);
    if (!zone) return this.refuse(asked, 'zone-unknown', RCODE.NOTAUTH);
    const reason = refusalReason(zone, client.address, keyNameOf(signature));
    if (reason) return this.refuse(asked, reason, RCODE.REFUSED, zone);
    if (request.type === TYPE.AXFR && client.transport === 'udp') return this.refuse(asked, 'udp-transfer', RCODE.FORMERR, zone);
    // RFC 1995 section 3: an IXFR request says what the client has.
    if (request.type === TYPE.IXFR && request.soaSerial === undefined) throw new MalformedMessage('IXFR without an SOA');
    const flags = FLAG.QR | FLAG.AA | (request.flags & FLAG.RD);
    const transfer = planTransfer(zone, request, {
      flags,
      blocks: this.blocks,
      udpOctets: client.transport === 'udp' ? roomFor(request, 'udp') : undefined,
      ...(signature.kind === 'valid' ? { signer: signature.signer, keyName: signature.keyName } : {}),
    });
    return { kind: 'transfer', transfer };
  }

  /** The zone of the longest apex; DS at an apex is the parent's to answer, when the parent is here too. */
  private closestZone(request: DnsRequest): ServedZone | undefined {
    let own: ServedZone | undefined;
    for (const name of selfAndAncestors<NameKey>(request.key)) {
      const zone = this.source.zone(name);
      if (!zone) continue;
      if (request.type !== TYPE.DS || name !== request.key) return zone;
      own = zone;
    }
    return own;
  }

  private wrongSignature(request: DnsRequest, client: DnsClient, wrong: Extract<SignatureCheck, { kind: 'wrong' }>): Reply {
    this.reportRefusal(request, client, wrong.reason, {
      keyName: wrong.keyName,
      zone: this.source.zone(request.key)?.content.apex,
      clockDifferenceSeconds: wrong.clockDifferenceSeconds,
    });
    return { kind: 'message', octets: wrong.complete(writeRefusal(this.writer, request, RCODE.NOTAUTH)), responseKind: 'error', request, signed: false };
  }

  private refuse(asked: Asked, reason: RefusalReason, rcode: number, zone?: ServedZone): Reply {
    this.reportRefusal(asked.request, asked.client, reason, { keyName: keyNameOf(asked.signature), zone: zone?.content.apex });
    return this.error(asked, rcode);
  }

  private error(asked: Asked, rcode: number): Reply {
    return this.message(asked, writeRefusal(this.writer, asked.request, rcode), 'error');
  }

  private message({ request, signature }: Asked, octets: Buffer, responseKind: ResponseKind): Reply {
    if (signature.kind === 'unsigned') return { kind: 'message', octets, responseKind, request, signed: false };
    return { kind: 'message', octets: signature.signer.sign(octets), responseKind, request, signed: true };
  }

  private reportRefusal(
    request: DnsRequest,
    client: DnsClient,
    reason: RefusalReason,
    more: Pick<Refusal, 'keyName' | 'zone' | 'clockDifferenceSeconds'>,
  ): void {
    const what = opcodeOf(request.flags) === OPCODE.NOTIFY ? 'notify' : request.type === TYPE.AXFR ? 'axfr' : request.type === TYPE.IXFR ? 'ixfr' : 'query';
    this.report({ kind: 'refused', reason, what, clientAddress: client.address, clientPort: client.port, transport: client.transport, ...more });
  }
}

const plainError = (octets: Buffer): Reply => ({ kind: 'message', octets, responseKind: 'error', signed: false });
const keyNameOf = (signature: SignatureCheck): Name | undefined => (signature.kind === 'valid' ? signature.keyName : undefined);

/** Octets that an answer may have. */
export const roomFor = (request: DnsRequest, transport: DnsClient['transport']): number => {
  if (transport === 'tcp') return MAX_MESSAGE_OCTETS;
  return request.edns ? Math.min(UDP_PAYLOAD_OCTETS, Math.max(PLAIN_UDP_OCTETS, request.edns.payloadOctets)) : PLAIN_UDP_OCTETS;
};
