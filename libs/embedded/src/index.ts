export { serverAccount, type Account } from './account';
export { cacheDir, cached } from './cache';
export { eventually, type EventuallyOptions } from './eventually';
export { freePort } from './free-port';
export { NATS_ACCOUNT, natsVersion, parseNatsVersion, startNatsServer, type NatsOptions, type NatsVersion, type RunningNats } from './nats';
export { renderNatsConfig, renderNatsUsers, type NatsUser } from './nats-config';
export { POSTGRES_ACCOUNT, releaseSharedMemory, startPostgresServer, SUPERUSER, type PostgresOptions, type RunningPostgres } from './postgres';
export { childrenOf, endProcess, formatIdentity, identify, isAlive, readPidFile, signalProcess, writePidFile, type ProcessIdentity } from './process-identity';
export { startTied, type TiedProcess, type TiedProcessOptions } from './tied-process';
