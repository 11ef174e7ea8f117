import type { Readable } from 'node:stream';
import type { InstanceSpec, MoveEndpoint, MoveFacts, MoveLimits, SettledOutcome, SwitchoverResult, TransferPass } from '@weft/contracts';

/** Told to whoever waits: a stage and its words. */
type Progress = (stage: string, text: string) => void;

/** What a driver does for an instance that goes to another host. As idempotent as the rest of it. */
export interface Mover {
  facts(spec: InstanceSpec): Promise<MoveFacts>;
  /** A tar archive of the instance's files. */
  send(instanceId: string, pass: TransferPass): Promise<Archive>;
  /** Takes such an archive in. `whole` and `rest` make it an instance that is stopped. */
  receive(spec: InstanceSpec, pass: TransferPass, archive: Readable): Promise<void>;
  /** Unset: what runs is stopped for the move. */
  readonly live?: LiveMover;
}

export interface Archive {
  stream: Readable;
  /** Fails when the archive is not whole. */
  done: Promise<void>;
}

export interface MoveOrder {
  migrationId: string;
  epoch: number;
}

export interface SourceOrder extends MoveOrder {
  endpoint: MoveEndpoint;
  limits: MoveLimits;
  /** The target's secret, hexadecimal. */
  key: string;
}

export interface TargetOrder extends MoveOrder {
  abi: Record<string, unknown>;
  diskBytes: number;
  /** Where this host is reached. */
  address: string;
}

/** See libs/contracts/src/migration.ts for who does what when. */
export interface LiveMover {
  /** @param files fills the instance's directory with what is beside the disk; called at most once for a migration */
  prepareTarget(spec: InstanceSpec, order: TargetOrder, files: () => Promise<void>): Promise<MoveEndpoint>;
  secret(instanceId: string, migrationId: string): Promise<string>;
  mirror(spec: InstanceSpec, order: SourceOrder, progress: Progress, interrupt: AbortSignal): Promise<void>;
  /** Resolves when what is left goes in the pause that the guest may have; until the switchover it runs on. */
  memory(spec: InstanceSpec, order: SourceOrder, progress: Progress, interrupt: AbortSignal): Promise<void>;
  /** @param go called the moment the memory has gone whole */
  switchover(spec: InstanceSpec, order: SourceOrder, progress: Progress, interrupt: AbortSignal, go: () => Promise<void>): Promise<SwitchoverResult>;
  settle(spec: InstanceSpec, order: MoveOrder & { reclaim: boolean }): Promise<SettledOutcome>;
  /** Lets the guest run that has come whole; the order to confirm follows. @throws WeftError task.failed */
  begin(instanceId: string, order: { migrationId: string }): Promise<void>;
  /** Does that too, if need be, and ends the target's part. @throws WeftError task.failed */
  confirmTarget(instanceId: string, order: { migrationId: string }): Promise<void>;
  /** Removes what was prepared; true when the guest runs here already and is left alone. */
  discardTarget(instanceId: string, order: { migrationId: string }): Promise<boolean>;
}
