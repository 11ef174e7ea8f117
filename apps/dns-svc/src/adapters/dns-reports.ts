import { explainRefusal, renderName, type NotifyReport, type Refusal, type ReportDns } from '@weft/dns';
import type { Logger } from '@weft/platform';
import type { RefusalBook } from './refusal-book';

/** What is refused to a client whatever zone it asks for: limits of the server. Said once in this time for all of them. */
const SERVER_REASONS: readonly Refusal['reason'][] = ['rate-limited', 'too-many-connections'];
const SAY_AGAIN_MS = 60_000;

/** What the server and the notifier tell, as lines of the log; refusals go into the book, which has them in the API too. */
export function reportsTo(refusals: RefusalBook, log: Logger): { server: ReportDns; guests: ReportDns; notify(report: NotifyReport): void } {
  const saidMs = new Map<Refusal['reason'], number>();
  const limited = (refusal: Refusal): void => {
    if (performance.now() - (saidMs.get(refusal.reason) ?? -Infinity) < SAY_AGAIN_MS) return;
    saidMs.set(refusal.reason, performance.now());
    log.warn({ reason: refusal.reason, client: refusal.clientAddress }, explainRefusal(refusal));
  };
  return {
    // Guests are no peers: what they may not ask is between them and their resolver.
    guests: (report) => {
      if (report.kind === 'fault') log.error({ err: report.error }, 'a question of a guest could not be answered');
    },
    server: (report) => {
      switch (report.kind) {
        case 'refused':
          return SERVER_REASONS.includes(report.reason) ? limited(report) : refusals.add(report);
        case 'transfer': {
          const { zone, what, outcome, clientAddress, keyName, serial, fromSerial, messages, bytes, durationMs } = report;
          const client = { client: clientAddress, key: keyName && renderName(keyName) };
          log.info({ zone: renderName(zone), what, outcome, ...client, serial, fromSerial, messages, bytes, durationMs }, 'transfer');
          return;
        }
        case 'fault':
          log.error({ err: report.error }, 'a query could not be answered');
          return;
        default:
          return report satisfies never;
      }
    },
    notify: ({ zone, target, serial, outcome, attempts, rcode }) => {
      const line = { zone: renderName(zone), peer: target.name, address: target.address, serial, attempts, rcode };
      if (outcome === 'acknowledged') log.debug(line, 'secondary told');
      else log.info({ ...line, outcome }, 'a secondary did not take a NOTIFY; it will ask by itself');
    },
  };
}
