/** QEMU or the guest agent refused a command: its own class and description, and which command it was. */
export class QmpError extends Error {
  constructor(
    readonly command: string,
    /** GenericError, CommandNotFound, DeviceNotActive... (qapi/error.json) */
    readonly errorClass: string,
    readonly description: string,
  ) {
    super(`${command}: ${description}`);
    this.name = 'QmpError';
  }
}

/** No answer within the time: the command may or may not take effect. */
export class QmpTimeout extends Error {
  constructor(
    readonly command: string,
    readonly timeoutMs: number,
  ) {
    super(`${command}: no answer within ${timeoutMs} ms`);
    this.name = 'QmpTimeout';
  }
}

/** The connection is gone (or never came): the command may or may not have taken effect. */
export class QmpDisconnected extends Error {
  constructor(
    readonly command: string,
    options?: ErrorOptions,
  ) {
    super(`${command}: the connection is closed`, options);
    this.name = 'QmpDisconnected';
  }
}
