/**
 * The QMP commands that Weft uses, typed after QEMU 10's qapi schemas (docs/interop/qemu-qmp-ref). Others go through
 * `QmpClient.executeAny`. Units: sizes in bytes, speeds in bytes per second.
 */
export type RunState =
  | 'debug'
  | 'inmigrate'
  | 'internal-error'
  | 'io-error'
  | 'paused'
  | 'postmigrate'
  | 'prelaunch'
  | 'finish-migrate'
  | 'restore-vm'
  | 'running'
  | 'save-vm'
  | 'shutdown'
  | 'suspended'
  | 'watchdog'
  | 'guest-panicked'
  | 'colo';

export interface Job {
  id: string;
  type: string;
  status: 'undefined' | 'created' | 'running' | 'paused' | 'ready' | 'standby' | 'waiting' | 'pending' | 'aborting' | 'concluded' | 'null';
  'current-progress': number;
  'total-progress': number;
  error?: string;
}

export interface BlockdevBackup {
  'job-id': string;
  device: string;
  target: string;
  sync: 'top' | 'full' | 'none';
  'auto-dismiss'?: boolean;
  compress?: boolean;
}

/** command name -> [arguments, result] */
export interface QmpCommands {
  'query-version': [undefined, { qemu: { major: number; minor: number; micro: number }; package: string }];
  'query-status': [undefined, { status: RunState; running: boolean }];
  'query-kvm': [undefined, { enabled: boolean; present: boolean }];
  'query-cpus-fast': [undefined, { 'cpu-index': number; 'thread-id': number; 'qom-path': string }[]];
  'query-balloon': [undefined, { actual: number }];
  'query-chardev': [undefined, { label: string; filename: string; 'frontend-open': boolean }[]];
  'query-jobs': [undefined, Job[]];
  'query-named-block-nodes': [{ flat?: boolean } | undefined, { 'node-name'?: string; file: string; drv: string }[]];
  balloon: [{ value: number }, object];
  cont: [undefined, object];
  stop: [undefined, object];
  quit: [undefined, object];
  system_powerdown: [undefined, object];
  system_reset: [undefined, object];
  'blockdev-add': [{ driver: string; 'node-name': string } & Record<string, unknown>, object];
  'blockdev-del': [{ 'node-name': string }, object];
  'blockdev-backup': [BlockdevBackup, object];
  block_resize: [{ 'node-name': string; size: number }, object];
  transaction: [{ actions: { type: string; data: object }[] }, object];
  'job-cancel': [{ id: string }, object];
  'job-dismiss': [{ id: string }, object];
}

export interface QmpEvent {
  event: string;
  data: Record<string, unknown>;
  /** Milliseconds since the epoch, by QEMU's clock. */
  at: number;
}
