export { type BackOffOptions } from './client/back-off';
export type { ClientState } from './client/client-state';
export type { ConnectionOptions } from './client/connection';
export type { OvsdbLock } from './client/lock';
export { type CallOptions, OvsdbClient, type OvsdbClientOptions } from './client/ovsdb-client';
export {
  OvsdbDisconnected,
  OvsdbError,
  OvsdbProtocolError,
  OvsdbRequestError,
  OvsdbSchemaError,
  OvsdbTimeout,
  OvsdbTransactionError,
  OvsdbUnsuitableServer,
  OvsdbValueError,
} from './errors';
export * as OpenVSwitch from './generated/open-vswitch';
export * as OvnNorthbound from './generated/ovn-northbound';
export * as OvnSouthbound from './generated/ovn-southbound';
export { applyDifference, sameValue } from './notation/difference';
export { asUuid, type Atom, decodeValue, defaultValue, encodeValue, named, type NamedUuid, type Uuid, type Value, ZERO_UUID } from './notation/values';
export type * from './operations/operation';
export { type OperationsOn, operationsOn } from './operations/operations-on';
export type { Condition, Mutation, Row, RowInput, Writable } from './operations/row-types';
export type { MonitorSpec, TableSpec } from './replica/monitor-request';
export type { Replica, ReplicaChange } from './replica/replica';
export type { RowChange } from './replica/table-copy';
export { RpcSession, type RpcOptions, type RequestOptions } from './rpc/rpc-session';
export { type RequiredTables, schemaProblems, type SchemaRequirements } from './schema/check-schema';
export { parseSchema } from './schema/parse-schema';
export * from './schema/schema';
export { dial, type DialOptions, type TlsFiles } from './wire/dial';
export { type Endpoint, parseEndpoints } from './wire/endpoint';
export { JsonSplitter } from './wire/json-splitter';
