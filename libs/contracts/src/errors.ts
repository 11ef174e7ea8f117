/**
 * Every expected failure of the platform, in one append-only list: a stable code and the HTTP status that the
 * gateway gives it. Codes are part of the wire contract: never rename or reuse one.
 */
export const ERROR_STATUS = {
  'request.invalid': 400,
  'request.too-large': 413,
  'request.unsupported': 501,
  'request.not-found': 404,
  'auth.forbidden': 403,
  'etag.mismatch': 412,
  'command.conflicting-repeat': 409,
  'concurrency.conflict': 409,
  'operation.not-found': 404,
  'operation.not-cancellable': 400,
  'operation.cancelled': 400,
  'certificate.not-found': 404,
  'certificate.exists': 409,
  'certificate.invalid': 400,
  'project.not-found': 404,
  'project.exists': 409,
  'project.in-use': 400,
  'project.limit-reached': 400,
  'project.restricted': 403,
  'profile.not-found': 404,
  'profile.exists': 409,
  'profile.in-use': 400,
  'image.not-found': 404,
  'image.exists': 409,
  'image.invalid': 400,
  'image.wrong-type': 400,
  'image-alias.not-found': 404,
  'image-alias.exists': 409,
  'storage-pool.not-found': 404,
  'storage-pool.exists': 409,
  'instance.not-found': 404,
  'instance.exists': 409,
  'instance.busy': 400,
  'instance.wrong-status': 400,
  'instance.in-use': 400,
  'instance.protected': 400,
  'config.invalid': 400,
  'device.invalid': 400,
  'snapshot.not-found': 404,
  'snapshot.exists': 409,
  'file.not-found': 404,
  'file.invalid': 400,
  'member.not-found': 404,
  'member.unavailable': 503,
  'member.none-suitable': 400,
  'member.busy': 400,
  'cluster-group.not-found': 404,
  'cluster-group.exists': 409,
  'cluster-group.in-use': 400,
  'task.failed': 500,
  'task.stale-epoch': 409,
  'disk.full': 507,
  'network.not-found': 404,
  'network.exists': 409,
  'network.invalid': 400,
  'network.in-use': 400,
  'network.unsupported': 400,
  'network.overlap': 400,
  /** No free address in the range that it has to come from. */
  'network.exhausted': 400,
  /** Networks can be read; this installation or this moment allows no changes. */
  'network.unavailable': 503,
  'network-address.exists': 409,
  'network-acl.not-found': 404,
  'network-acl.exists': 409,
  'network-acl.invalid': 400,
  'network-acl.in-use': 400,
  'network-forward.not-found': 404,
  'network-forward.exists': 409,
  'network-forward.invalid': 400,
  'network-peer.not-found': 404,
  'network-peer.exists': 409,
  'network-peer.invalid': 400,
  'network-peer.in-use': 400,
  'network-peer-group.not-found': 404,
  'network-peer-group.exists': 409,
  'network-zone.not-found': 404,
  'network-zone.exists': 400,
  'network-zone.invalid': 400,
  'network-zone.wrong-kind': 400,
  'network-zone.in-use': 400,
  'network-zone-record.not-found': 404,
  'network-zone-record.exists': 409,
  'network-zone-record.invalid': 400,
  'service.unavailable': 503,
  internal: 500,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** An error as it crosses a process boundary: the code decides the status, the message is for the user. */
export interface WireError {
  code: ErrorCode;
  message: string;
}

/** An expected failure: thrown at command boundaries, translated to LXD's error shape once, in the gateway. */
export class WeftError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'WeftError';
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }

  toWire(): WireError {
    return { code: this.code, message: this.message };
  }

  static fromWire(wire: WireError): WeftError {
    return new WeftError(wire.code in ERROR_STATUS ? wire.code : 'internal', wire.message);
  }
}
