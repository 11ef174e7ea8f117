import type { Name } from '../names/name';

/** Why a request was not served; `explainRefusal` makes a sentence of it. */
export type RefusalReason =
  | 'zone-unknown'
  | 'no-peers'
  | 'address-not-allowed'
  | 'key-missing'
  | 'key-unknown'
  | 'key-of-another-peer'
  | 'algorithm-not-allowed'
  | 'signature-wrong'
  | 'signature-too-short'
  | 'time-differs'
  | 'udp-transfer'
  | 'not-a-secondary'
  | 'class-not-served'
  | 'too-many-connections'
  | 'rate-limited';

export interface Refusal {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  /** Undefined when no zone of ours is concerned. */
  readonly zone?: Name;
  readonly what: 'query' | 'axfr' | 'ixfr' | 'notify' | 'connection';
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly transport: 'udp' | 'tcp';
  /** The name of the key that the request was signed with; never its secret. */
  readonly keyName?: Name;
  /** With `time-differs`: the peer's clock minus ours. */
  readonly clockDifferenceSeconds?: number;
}

export interface TransferReport {
  readonly kind: 'transfer';
  readonly zone: Name;
  readonly what: 'axfr' | 'ixfr' | 'ixfr-as-axfr' | 'up-to-date';
  readonly outcome: 'sent' | 'broken-off';
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly keyName?: Name;
  /** What the peer had, with IXFR. */
  readonly fromSerial?: number;
  readonly serial: number;
  readonly messages: number;
  readonly bytes: number;
  readonly durationMs: number;
}

export interface ServerFault {
  readonly kind: 'fault';
  /** A defect of ours that answered SERVFAIL; the server goes on. */
  readonly error: unknown;
}

export type DnsReport = Refusal | TransferReport | ServerFault;

/** Called at once for each report; must not throw. Refusals of one client can be many: the caller thins them out. */
export type ReportDns = (report: DnsReport) => void;
