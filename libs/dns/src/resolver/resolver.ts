/**
 * Answers for clients that want whole answers (stub resolvers): from zones where they have the name, else from other servers.
 *
 *   request ── a zone of the client's view holds the name ──> its answer ── ends at an alias that leads out ──┐
 *      └────── none does ──> the view's name servers <──── the alias's target, as a question of its own ──────┘
 */
import { decode, encode, type Answer, type DecodedPacket, type Packet } from 'dns-packet';
import { nameKey, parseName, selfAndAncestors, type NameKey } from '../names/name';
import { TYPE } from '../records/record-type';
import type { ReportDns } from '../server/dns-report';
import { RequestHandler, roomFor } from '../server/request-handler';
import { truncated } from '../server/write-answer';
import { CLASS, FLAG, OPCODE, opcodeOf, RCODE } from '../wire/header';
import { type DnsRequest, readRequest } from '../wire/read-request';
import type { ServedZone, ZoneSource } from '../zone-source';
import { resolverRefusal, withRecursion } from './resolver-refusal';
import { askUpstream, DEFAULT_UPSTREAM, type NameServer, type UpstreamOptions } from './upstream';

/** What one client sees. */
export interface ResolverView {
  zone(apex: NameKey): ServedZone | undefined;
  /** Who knows all other names; none: they are refused. */
  readonly nameServers: readonly NameServer[];
}

export interface ResolverOptions {
  readonly report: ReportDns;
  readonly upstream?: UpstreamOptions;
}

export type Transport = 'udp' | 'tcp';
/** The view that holds for a question. */
export type ViewOf = (name: NameKey) => Promise<ResolverView>;

/** As many aliases in a row as are followed. */
const MAX_ALIASES = 8;

export class Resolver {
  private readonly handler: RequestHandler;
  /** The view of the request that the handler has right now: it answers at once. */
  private zones: ZoneSource['zone'] = () => undefined;

  constructor(private readonly options: ResolverOptions) {
    const source: ZoneSource = { zone: (apex) => this.zones(apex), key: () => undefined };
    this.handler = new RequestHandler(source, options.report, { answerCacheBytes: 0, transferCacheBytes: 0 }, () => Math.floor(Date.now() / 1000));
  }

  /** @returns undefined for what deserves no answer */
  async resolve(message: Buffer, transport: Transport, viewOf: ViewOf): Promise<Buffer | undefined> {
    const read = readRequest(message);
    if (read.kind === 'ignored') return undefined;
    const isOdd = read.kind === 'malformed' || !isPlainQuery(read.request);
    const answer = isOdd ? this.local(message, transport, () => undefined) : await this.follow(read.request, transport, viewOf, MAX_ALIASES);
    return answer && withRecursion(answer);
  }

  private async follow(request: DnsRequest, transport: Transport, viewOf: ViewOf, aliases: number): Promise<Buffer | undefined> {
    const view = await viewOf(request.key);
    const isOurs = [...selfAndAncestors<NameKey>(request.key)].some((apex) => view.zone(apex) !== undefined);
    if (!isOurs) return this.foreign(request, transport, view);
    const answer = this.local(request.message, transport, (apex) => view.zone(apex));
    const target = answer && aliasThatLeadsOut(answer, request);
    if (!answer || target === undefined || aliases === 0) return answer;
    return this.chase(request, answer, target, (next) => this.follow(next, transport, viewOf, aliases - 1), roomFor(request, transport));
  }

  private local(message: Buffer, transport: Transport, zones: ZoneSource['zone']): Buffer | undefined {
    this.zones = zones;
    const reply = this.handler.handle(message, { address: '', port: 0, transport });
    if (reply.kind !== 'message') return undefined;
    return Buffer.from(reply.octets);
  }

  private async foreign(request: DnsRequest, transport: Transport, { nameServers }: ResolverView): Promise<Buffer> {
    if (nameServers.length === 0) return resolverRefusal(request, RCODE.REFUSED);
    const { message, questionEnd } = request;
    const answer = await askUpstream(message, questionEnd, nameServers, transport, this.options.upstream ?? DEFAULT_UPSTREAM);
    return answer ?? resolverRefusal(request, RCODE.SERVFAIL);
  }

  /** The zone's answer and what its last alias stands for, in one message. */
  private async chase(
    request: DnsRequest,
    answer: Buffer,
    target: string,
    ask: (next: DnsRequest) => Promise<Buffer | undefined>,
    room: number,
  ): Promise<Buffer> {
    const next = readRequest(withName(request, target));
    const rest = next.kind === 'request' ? await ask(next.request) : undefined;
    if (!rest) return resolverRefusal(request, RCODE.SERVFAIL);
    const [ours, theirs] = [decode(answer), decode(rest)];
    const whole: Packet = { ...ours, flags: rest.readUInt16BE(2) & ~FLAG.AA, answers: [...(ours.answers ?? []), ...(theirs.answers ?? [])], authorities: [] };
    const octets = encode({ ...whole, id: request.id, type: 'response' } as Packet);
    return octets.length <= room ? octets : truncated(request, octets);
  }
}

const isPlainQuery = ({ flags, class: of, type, tsigStart, edns }: DnsRequest): boolean =>
  opcodeOf(flags) === OPCODE.QUERY && of === CLASS.IN && (type < FIRST_META_TYPE || type >= TYPE.ANY) && tsigStart === undefined && (edns?.version ?? 0) === 0;
/** TKEY; up to ANY come what is no data, transfers among them (RFC 6895 section 3.1). */
const FIRST_META_TYPE = 249;

/** Where the answer ends without what was asked for. */
function aliasThatLeadsOut(answer: Buffer, { type }: DnsRequest): string | undefined {
  if (type === TYPE.CNAME || type === TYPE.ANY || answer.readUInt16BE(6) === 0) return undefined;
  const last = (decode(answer) as DecodedPacket).answers?.at(-1) as Answer | undefined;
  return last?.type === 'CNAME' ? last.data : undefined;
}

/** The same request about another name. */
function withName({ message, questionEnd, name }: DnsRequest, target: string): Buffer {
  const header = message.subarray(0, 12);
  const rest = message.subarray(12 + name.length, questionEnd);
  const after = message.subarray(questionEnd);
  return Buffer.concat([header, Buffer.from(nameKey(parseName(`${target}.`)), 'latin1'), rest, after]);
}
