/** The part of a pino logger that this library uses; anything of this shape will do. */
export interface StoreLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

export const silentLogger: StoreLogger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
