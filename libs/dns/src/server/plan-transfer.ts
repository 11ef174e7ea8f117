import type { Name } from '../names/name';
import { TYPE } from '../records/record-type';
import { axfrRecords, condense, ixfrRecords, upToDateRecords } from '../transfer/transfer-records';
import { transferMessages } from '../transfer/transfer-messages';
import type { ZoneBlocks } from '../transfer/zone-blocks';
import type { TsigSigner } from '../tsig/tsig';
import type { DnsRequest } from '../wire/read-request';
import { compareSerials } from '../zone/serial';
import type { ZoneDifference, ZoneRecord } from '../zone/zone-record';
import type { ServedZone } from '../zone-source';
import type { TransferReport } from './dns-report';

export interface PlannedTransfer {
  readonly facts: Pick<TransferReport, 'zone' | 'what' | 'keyName' | 'fromSerial' | 'serial'>;
  /** Signed; each is made when it is asked for. */
  readonly messages: Generator<Buffer>;
}

interface TransferOptions {
  readonly flags: number;
  /** Set for UDP: what one datagram may hold. */
  readonly udpOctets: number | undefined;
  readonly signer?: TsigSigner;
  readonly keyName?: Name;
  readonly blocks: ZoneBlocks;
}

interface Chosen {
  readonly what: TransferReport['what'];
  readonly records: Iterator<ZoneRecord>;
}

/** Whole zone, difference, or nothing new (RFC 1995 sections 2 and 4). */
const choose = (zone: ServedZone, request: DnsRequest): Chosen => {
  const { content } = zone;
  if (request.type === TYPE.AXFR) return { what: 'axfr', records: axfrRecords(content) };
  const from = request.soaSerial!;
  const order = compareSerials(from, content.soa.serial);
  if (order === 0 || order === 1) return { what: 'up-to-date', records: upToDateRecords(content) };
  const difference = usable(zone, from);
  return difference ? { what: 'ixfr', records: ixfrRecords(content, difference) } : { what: 'ixfr-as-axfr', records: axfrRecords(content) };
};

/** A difference of so few records is sent, however small the zone is. */
const SMALL_DIFFERENCE = 64;

/** A difference that is larger than the zone is of no use. */
const usable = (zone: ServedZone, from: number): ZoneDifference | undefined => {
  const steps = zone.differencesSince(from);
  const last = steps?.[steps.length - 1];
  if (!steps || !last || last.to.serial !== zone.content.soa.serial) return undefined;
  const difference = condense(steps);
  return difference.removed.length + difference.added.length > Math.max(SMALL_DIFFERENCE, zone.content.recordCount) ? undefined : difference;
};

/** RFC 1995 section 2: by UDP a difference comes in one datagram, or the newest SOA says that TCP is needed. */
const forUdp = (zone: ServedZone, request: DnsRequest, chosen: Chosen, options: TransferOptions, octets: number): Iterable<Buffer> => {
  const reserved = options.signer?.octets ?? 0;
  if (chosen.what !== 'ixfr-as-axfr') {
    const messages = transferMessages(request, options.flags, chosen.records);
    const first = messages.next();
    if (!first.done && first.value.length + reserved <= octets && messages.next().done) return [first.value];
  }
  return transferMessages(request, options.flags, upToDateRecords(zone.content));
};

const forTcp = ({ content }: ServedZone, request: DnsRequest, { what, records }: Chosen, { flags, blocks }: TransferOptions): Iterable<Buffer> => {
  const whole = what === 'axfr' || what === 'ixfr-as-axfr';
  // Blocks have their letters from the question; other letters than the zone's are rare and cost more.
  return whole && request.name === content.apex ? blocks.messages(content, request, flags) : transferMessages(request, flags, records);
};

export const planTransfer = (zone: ServedZone, request: DnsRequest, options: TransferOptions): PlannedTransfer => {
  const chosen = choose(zone, request);
  const plain = options.udpOctets === undefined ? forTcp(zone, request, chosen, options) : forUdp(zone, request, chosen, options, options.udpOctets);
  const { content } = zone;
  return {
    facts: { zone: content.apex, what: chosen.what, keyName: options.keyName, fromSerial: request.soaSerial, serial: content.soa.serial },
    messages: signed(plain, options.signer),
  };
};

function* signed(messages: Iterable<Buffer>, signer: TsigSigner | undefined): Generator<Buffer> {
  for (const message of messages) yield signer ? signer.sign(message) : message;
}
