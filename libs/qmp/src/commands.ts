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

export interface BlockdevMirror {
  'job-id': string;
  device: string;
  target: string;
  sync: 'top' | 'full' | 'none';
  'copy-mode'?: 'background' | 'write-blocking';
  'auto-dismiss'?: boolean;
  speed?: number;
}

/** Of `query-migrate`, on either side; times in milliseconds. */
export interface MigrationInfo {
  status?:
    | 'none'
    | 'setup'
    | 'active'
    | 'device'
    | 'wait-unplug'
    | 'pre-switchover'
    | 'postcopy-active'
    | 'postcopy-paused'
    | 'postcopy-recover'
    | 'postcopy-recover-setup'
    | 'colo'
    | 'cancelling'
    | 'cancelled'
    | 'failed'
    | 'completed';
  'error-desc'?: string;
  'total-time'?: number;
  downtime?: number;
  'expected-downtime'?: number;
  'setup-time'?: number;
  'cpu-throttle-percentage'?: number;
  ram?: {
    transferred: number;
    remaining: number;
    total: number;
    duplicate: number;
    normal: number;
    mbps: number;
    'dirty-sync-count': number;
    'dirty-pages-rate'?: number;
    'page-size'?: number;
  };
}

export interface MigrationParameters {
  'max-bandwidth'?: number;
  'downtime-limit'?: number;
  /** What decisions assume, and nothing is limited to; 0: what was measured. */
  'avail-switchover-bandwidth'?: number;
  'multifd-channels'?: number;
  'tls-creds'?: string;
  'tls-hostname'?: string;
}

export type MigrationCapability =
  | 'pause-before-switchover'
  | 'auto-converge'
  | 'multifd'
  | 'events'
  | 'return-path'
  | 'late-block-activate'
  | 'dirty-bitmaps'
  | 'background-snapshot'
  | 'mapped-ram';

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
  netdev_add: [{ type: 'tap'; id: string; ifname: string; script: string; downscript: string }, object];
  netdev_del: [{ id: string }, object];
  device_add: [{ driver: string; id: string } & Record<string, unknown>, object];
  device_del: [{ id: string }, object];
  'qom-list': [{ path: string }, { name: string; type: string }[]];
  transaction: [{ actions: { type: string; data: object }[] }, object];
  'blockdev-mirror': [BlockdevMirror, object];
  'block-job-cancel': [{ device: string; force?: boolean }, object];
  'job-cancel': [{ id: string }, object];
  'job-dismiss': [{ id: string }, object];
  migrate: [{ uri?: string; channels?: object[] }, object];
  'migrate-incoming': [{ uri?: string; channels?: object[]; 'exit-on-error'?: boolean }, object];
  'migrate-continue': [{ state: 'pre-switchover' }, object];
  migrate_cancel: [undefined, object];
  'migrate-set-parameters': [MigrationParameters, object];
  'migrate-set-capabilities': [{ capabilities: { capability: MigrationCapability; state: boolean }[] }, object];
  'query-migrate': [undefined, MigrationInfo];
  'announce-self': [{ initial: number; max: number; rounds: number; step: number }, object];
  'object-add': [{ 'qom-type': string; id: string } & Record<string, unknown>, object];
  'object-del': [{ id: string }, object];
  'nbd-server-start': [{ addr: SocketAddress; 'tls-creds'?: string; 'max-connections'?: number }, object];
  'nbd-server-stop': [undefined, object];
  'block-export-add': [{ type: 'nbd'; id: string; 'node-name': string; name: string; writable: boolean }, object];
}

/** Of `nbd-server-start`: the old form, with the address in `data`. */
export type SocketAddress = { type: 'inet'; data: { host: string; port: string } } | { type: 'unix'; data: { path: string } };

export interface QmpEvent {
  event: string;
  data: Record<string, unknown>;
  /** Milliseconds since the epoch, by QEMU's clock. */
  at: number;
}
