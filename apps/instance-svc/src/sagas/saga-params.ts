import type { InstanceSpec, LxdOperation, Meta, RootSource } from '@weft/contracts';

/** What a step needs to have a host do something on behalf of an operation. */
export interface HostWork {
  /** Who asked: the events of the end name them too. */
  meta: Meta;
  operation: LxdOperation;
  member: string;
  /** Milliseconds for the whole of a step. */
  timeLimitMs: number;
}

/** What every saga about an instance carries: enough to work, and to end its operation, without looking anything up. */
export interface InstanceSagaParams extends HostWork {
  spec: InstanceSpec;
}

export interface CreateParams extends InstanceSagaParams {
  source: RootSource;
  /** Snapshots copied along: old id -> new id. */
  snapshots: Record<string, string>;
  /** A member that has the image when `member` has not; "" when nothing is to be fetched. */
  fetchFrom: string;
  /** The instance whose disk is read; it is released in the end. */
  retained: string;
}

export interface StateParams extends InstanceSagaParams {
  epoch: number;
  force: boolean;
  /** For the guest to shut down; seconds. */
  timeoutSeconds: number;
  /** What the instance goes back to when the work fails. */
  statusBefore: 'stopped' | 'running' | 'frozen' | 'error';
}

export interface SnapshotParams extends InstanceSagaParams {
  snapshotId: string;
  snapshotName: string;
  expiresAt: string | null;
}

export interface RestoreParams extends SnapshotParams {
  /** Was running: it is stopped, restored and started again, as LXD does. */
  restart: boolean;
  epoch: number;
  /** With what the snapshot says. */
  restoredSpec: InstanceSpec;
}

export interface RenameParams extends InstanceSagaParams {
  oldName: string;
}

export interface UpdateParams extends InstanceSagaParams {
  epoch: number;
}
