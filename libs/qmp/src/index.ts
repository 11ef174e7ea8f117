export type { BlockdevBackup, Job, MigrationCapability, MigrationInfo, MigrationParameters, QmpCommands, QmpEvent, RunState } from './commands';
export { QmpDisconnected, QmpError, QmpTimeout } from './errors';
export { GuestAgentClient, type GuestAgentCommands, type GuestExecStatus } from './guest-agent-client';
export { QmpClient, type QmpOptions } from './qmp-client';
export { QmpLink, type QmpLinkHandlers } from './qmp-link';
