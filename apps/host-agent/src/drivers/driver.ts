import type { Duplex, Readable } from 'node:stream';
import type { InstanceSpec, InstanceType, InstanceUsage, RootSource, RunStatus } from '@weft/contracts';
import type { Handover } from './handover';
import type { Mover } from './mover';

/**
 * What runs guests on a host: `lxc`, `qemu` and `sim` all pass `driver.contract.ts`.
 *
 *      create        start            freeze
 *   -  ------> stopped ------> running ------> frozen
 *   ^             |  ^  stop      |   <------    |
 *   +---- delete -+  +--- stop, guest halts, crash
 *
 * Every call is idempotent and safe to repeat after a kill -9 in the middle. A driver keeps what it must know beside
 * the instance (`dir`), never only in memory: guests outlive the agent, and a new agent finds them with `inspect`.
 * Expected failures are `WeftError`s.
 */
export interface Driver {
  readonly name: 'lxc' | 'qemu' | 'sim';
  readonly type: InstanceType;
  /** Can it run here? Probes by trying, with a time limit; the reason is for the user. */
  probe(): Promise<{ usable: true; version: string; info: Record<string, string> } | { usable: false; reason: string }>;

  create(spec: InstanceSpec, source: RootSource, snapshots: Record<string, string>, progress: Progress): Promise<void>;
  /** Kills what still runs and removes everything of the instance, its directory too. */
  delete(instanceId: string): Promise<void>;
  /**
   * Resolves when the guest runs; `instance.wrong-status` when it cannot start, with the guest's own words. After a
   * stateful stop or restore it goes on where it was, unless it is told to be stateless.
   */
  start(spec: InstanceSpec, epoch: number, options?: StartOptions): Promise<void>;
  /** Asks the guest to shut down and waits; `force` kills. `task.failed` when the time is over and it still runs. */
  stop(spec: InstanceSpec, options: StopOptions): Promise<void>;
  freeze(spec: InstanceSpec): Promise<void>;
  unfreeze(spec: InstanceSpec): Promise<void>;
  /** Applies live-updatable limits to a running guest. */
  update(spec: InstanceSpec): Promise<void>;
  rename(spec: InstanceSpec, oldName: string): Promise<void>;

  /** Stateful: with what the running guest has in its memory. */
  createSnapshot(spec: InstanceSpec, snapshotId: string, options?: SnapshotOptions): Promise<void>;
  deleteSnapshot(instanceId: string, snapshotId: string): Promise<void>;
  /** Stateful: the next start goes on where the guest was. */
  restoreSnapshot(spec: InstanceSpec, snapshotId: string, options?: SnapshotOptions): Promise<void>;

  /** What runs, from the world (processes, sockets), not from memory. */
  inspect(instanceId: string): Promise<Inspection>;
  /** Every instance that has a directory on this host for this driver. */
  list(): Promise<string[]>;
  usage(spec: InstanceSpec, options?: UsageOptions): Promise<InstanceUsage>;
  /** Called by the driver when a guest changed without being asked (halted, rebooted, crashed). */
  onChange(listener: (instanceId: string) => void): void;

  /** How instances leave for other hosts, and come from them. */
  readonly mover: Mover;
  /** The same for other servers. */
  readonly handover: Handover;

  exec(spec: InstanceSpec, request: ExecRequest): Promise<ExecProcess>;
  /** One attached console at a time; a second one takes it over. */
  console(spec: InstanceSpec, size: { width: number; height: number }): Promise<ConsoleConnection>;
  consoleLog(spec: InstanceSpec): Promise<string>;
  clearConsoleLog(spec: InstanceSpec): Promise<void>;
  /** File access; works on stopped containers too. VMs need a guest agent that answers. */
  files(spec: InstanceSpec): Promise<GuestFiles>;
  /** Log files by the name that LXD gives them (lxc.log, qemu.log, console.log): name -> absolute path on the host. */
  logs(instanceId: string): Promise<Record<string, string>>;
}

export interface UsageOptions {
  /** For looks that come all the time: what is expensive to find out may be a minute old. */
  recent?: boolean;
}

export interface StartOptions {
  /** Throws a saved state away and boots. */
  stateless?: boolean;
}

export interface SnapshotOptions {
  stateful?: boolean;
}

export interface StopOptions {
  force: boolean;
  /** Saves what the guest has in its memory; it is not asked to shut down. */
  stateful?: boolean;
  /** < 0: without end. */
  timeoutSeconds: number;
  /** Ends the wait for the guest, which runs on; its reason is thrown. Nothing to a stop with force. */
  interrupt?: AbortSignal;
}

export type Progress = (stage: string, text: string) => void;

export interface Inspection {
  status: RunStatus;
  /** The epoch of the last start, 0 when never started. */
  epoch: number;
  pid?: number;
  reason?: string;
}

export interface ExecRequest {
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  interactive: boolean;
  width: number;
  height: number;
  user: number;
  group: number;
  cwd: string;
}

export interface ExecProcess {
  /** Interactive: `tty` carries both ways and the rest is unset. */
  tty?: Duplex;
  stdin?: NodeJS.WritableStream;
  stdout?: Readable;
  stderr?: Readable;
  resize(width: number, height: number): void;
  signal(signal: number): void;
  /** Exit code; 127 not found, 126 not executable, 128+n killed by signal n. */
  exit: Promise<number>;
  kill(): void;
}

export interface ConsoleConnection {
  stream: Duplex;
  resize(width: number, height: number): void;
  close(): void;
}

export interface FileStat {
  type: 'file' | 'directory' | 'symlink';
  uid: number;
  gid: number;
  mode: number;
  sizeBytes: number;
}

/** Paths are absolute inside the guest; none can lead outside of its root, whatever symlinks the guest made. */
export interface GuestFiles {
  stat(path: string): Promise<FileStat>;
  read(path: string): Promise<Readable>;
  readlink(path: string): Promise<string>;
  list(path: string): Promise<string[]>;
  write(path: string, content: Readable, options: { uid: number; gid: number; mode: number; append: boolean }): Promise<void>;
  mkdir(path: string, options: { uid: number; gid: number; mode: number }): Promise<void>;
  symlink(path: string, target: string, options: { uid: number; gid: number }): Promise<void>;
  remove(path: string): Promise<void>;
  close(): Promise<void>;
}
