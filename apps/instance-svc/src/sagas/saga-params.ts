import type { InstanceSpec, LxdOperation, Meta, MoveLimits, RootSource, TravellingSnapshot } from '@weft/contracts';
import type { Writable } from '../domain/instance.state';

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
  /** The source of a copy has its NICs' ports as long as it is there: they are defined at the first start, or change. */
  portsLater?: boolean;
  /** It comes from another server, over the channels of the operation; `source` is then about its image only. */
  arrives?: boolean;
}

export interface HandOverParams extends InstanceSagaParams {
  /** Id of the snapshot that is sent in the instance's place, "" for the instance. */
  root: string;
  snapshots: TravellingSnapshot[];
}

export interface StateParams extends InstanceSagaParams {
  epoch: number;
  force: boolean;
  /** For the guest to shut down; seconds. */
  timeoutSeconds: number;
  /** What the instance goes back to when the work fails. */
  statusBefore: 'stopped' | 'running' | 'frozen' | 'error';
  /** stop: with what the guest has in its memory. Unset in sagas of earlier versions, as `stateless` is. */
  stateful?: boolean;
  /** stop: its member is being evacuated; it comes back with that. */
  evacuates?: boolean;
  /** start: without what a stateful stop has kept. */
  stateless?: boolean;
}

export interface SnapshotParams extends InstanceSagaParams {
  snapshotId: string;
  snapshotName: string;
  expiresAt: string | null;
  /** With what is in the guest's memory. Unset in sagas of earlier versions. */
  stateful?: boolean;
}

export interface RestoreParams extends SnapshotParams {
  /** Is running now: it is stopped first. Unset in sagas of earlier versions, where `restart` says so. */
  running?: boolean;
  /** Was running, or gets its memory back: it is started afterwards, as LXD does. */
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
  /** Runs, and is told. Unset in sagas of earlier versions, which had nothing else to do. */
  live?: boolean;
  /** Before the change, if its NICs are others now: a failure leads back there. */
  before?: { spec: InstanceSpec; content: Writable };
}

export interface MigrateParams extends InstanceSagaParams {
  target: string;
  /** As the target knows it: with its new name, if it gets one. */
  targetSpec: InstanceSpec;
  migrationId: string;
  /** Of the run at the source; the target's is the next one. */
  epoch: number;
  statusBefore: 'stopped' | 'running';
  limits: MoveLimits;
  /** The member that it leaves for the time of an evacuation, and returns to. */
  origin?: string;
}
