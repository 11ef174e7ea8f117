import { type Name, parseName } from '../names/name';
import { parseRecord } from '../records/parse-record';
import { ZoneContent } from '../zone/zone-content';
import { ZoneHistory } from '../zone/zone-history';
import type { StartOfAuthority, ZoneRecord } from '../zone/zone-record';
import type { NotifyTarget, ServedZone, ZonePeer } from '../zone-source';

export const soaOf = (apex: Name, serial: number): StartOfAuthority => ({
  mname: parseName('ns1', apex),
  rname: parseName('hostmaster', apex),
  serial,
  refreshSeconds: 3600,
  retrySeconds: 60,
  expireSeconds: 86_400,
  minimumSeconds: 30,
  ttlSeconds: 3600,
});

/** "www 300 A 192.0.2.1": owner relative to the zone. */
export const recordOf = (apex: Name, line: string): ZoneRecord => {
  const [owner = '', ttl = '', type = '', ...value] = line.split(' ');
  const parsed = parseRecord(type, value.join(' '));
  return { owner: parseName(owner, apex), ttlSeconds: Number(ttl), type: parsed.type, rdata: parsed.rdata };
};

export interface TestZoneOptions {
  readonly peers?: readonly ZonePeer[];
  readonly notify?: readonly NotifyTarget[];
  readonly queries?: ServedZone['queries'];
  readonly serial?: number;
  readonly historyRecords?: number;
}

/** A zone with a history, changed owner by owner. */
export class TestZone {
  private content: ZoneContent;
  private history = ZoneHistory.empty;

  constructor(
    name: string,
    lines: readonly string[],
    private readonly options: TestZoneOptions = {},
  ) {
    const apex = parseName(name);
    this.content = ZoneContent.build({ apex, soa: soaOf(apex, options.serial ?? 1), records: lines.map((line) => recordOf(apex, line)) });
  }

  get current(): ZoneContent {
    return this.content;
  }

  /** Each owner gets exactly these records ("300 A 192.0.2.1"), and the zone the next serial. */
  change(owners: Readonly<Record<string, readonly string[]>>): void {
    const { apex, soa } = this.content;
    const changes = Object.entries(owners).map(([owner, lines]) => ({
      owner: parseName(owner, apex),
      records: lines.map((line) => recordOf(apex, `${owner} ${line}`)),
    }));
    const { content, difference } = this.content.replaceOwners({ ...soa, serial: (soa.serial + 1) % 2 ** 32 }, changes);
    if (difference.removed.length + difference.added.length === 0) return;
    this.content = content;
    this.history = this.history.add(difference, this.options.historyRecords ?? 10_000);
  }

  served(): ServedZone {
    const { history } = this;
    return {
      content: this.content,
      differencesSince: (from) => history.since(from),
      peers: this.options.peers ?? [{ name: 'local', address: '127.0.0.1' }],
      notify: this.options.notify ?? [],
      queries: this.options.queries ?? 'anyone',
    };
  }
}
