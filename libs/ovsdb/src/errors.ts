import type { Operation } from './operations/operation';

/** Everything that this library throws on purpose. */
export abstract class OvsdbError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The peer does not speak OVSDB, or not as RFC 7047 has it; the connection cannot be used any more. */
export class OvsdbProtocolError extends OvsdbError {}

/** A value does not fit its column; found before anything was sent. */
export class OvsdbValueError extends OvsdbError {}

/** The server refused a request as a whole (RFC 7047, section 4.1: "error" of the response). */
export class OvsdbRequestError extends OvsdbError {
  constructor(
    readonly method: string,
    readonly params: unknown,
    /** The server's own word or object. */
    readonly error: unknown,
  ) {
    super(`${method}: ${typeof error === 'string' ? error : JSON.stringify(error)}`);
  }
}

/** One operation of a transaction failed, or all of them together at commit; nothing of the transaction took effect. */
export class OvsdbTransactionError extends OvsdbError {
  constructor(
    /** "constraint violation", "referential integrity violation", "timed out", "not owner"... (RFC 7047 section 5.2) */
    readonly error: string,
    /** The server's explanation. */
    readonly details: string | undefined,
    /** Position of the operation that failed; the number of operations when the commit failed. */
    readonly index: number,
    /** Undefined when the commit failed: no single operation is to blame. */
    readonly operation: Operation | undefined,
    readonly operations: readonly Operation[],
  ) {
    const place = operation ? `${operation.op}${'table' in operation ? ` ${operation.table}` : ''} (operation ${index})` : 'commit';
    super(`${place}: ${error}${details ? `: ${details}` : ''}`);
  }
}

/** The connection is gone, or none came to be in time. */
export class OvsdbDisconnected extends OvsdbError {
  constructor(
    readonly method: string,
    /** `unknown`: the request had been sent; it may or may not take effect. */
    readonly outcome: 'not-sent' | 'unknown',
    options?: ErrorOptions,
  ) {
    super(`${method}: ${outcome === 'unknown' ? 'the connection was lost before the answer came' : 'there is no connection'}`, options);
  }
}

/** No answer in time; the request was cancelled, and may or may not have taken effect. */
export class OvsdbTimeout extends OvsdbError {
  constructor(
    readonly method: string,
    readonly timeoutMs: number,
  ) {
    super(`${method}: no answer within ${timeoutMs} ms`);
  }
}

/** The server's schema lacks something that the client needs. */
export class OvsdbSchemaError extends OvsdbError {
  constructor(
    readonly database: string,
    readonly problems: readonly string[],
  ) {
    super(`${database}: ${problems.join('; ')}`);
  }
}

/** This server of the list cannot be used now: not connected to its cluster, not the leader, stale, or without the database. */
export class OvsdbUnsuitableServer extends OvsdbError {}
