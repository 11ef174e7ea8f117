import type { Readable } from 'node:stream';
import type { InstanceSpec } from '@weft/contracts';
import type { Archive } from './mover';

/** Which files of an instance go to another server. */
export interface HandoverSelection {
  /** Id of the snapshot that is sent as if it were the instance, "" for the instance, which does not run then. */
  root: string;
  /** Ids of the snapshots that go along. */
  snapshots: readonly string[];
}

export interface Arrival {
  /** The image that the archive has the differences to, "" when it needs none. */
  image: string;
  /** Id there -> id here. */
  snapshots: Readonly<Record<string, string>>;
  /** The instance is here and does not run: its disk is replaced, snapshots that have come before stay, those that do not come go. */
  replaces?: boolean;
}

/**
 * What a driver does for an instance that goes to another server, or comes from one. Members believe each other's
 * archives (mover.ts); what comes from another server is looked at before it becomes an instance.
 */
export interface Handover {
  /** The image that the files are differences to, "" for none, and about how many bytes will be sent. */
  describe(instanceId: string, selection: HandoverSelection): Promise<{ image: string; bytes: number }>;
  /** @param standsAlone all files, for a server that does not have the image */
  send(instanceId: string, selection: HandoverSelection, standsAlone: boolean): Promise<Archive>;
  /**
   * Takes an archive in and keeps it beside. The result makes it an instance that is stopped.
   * @throws WeftError image.invalid for what such an archive must not have
   */
  receive(spec: InstanceSpec, archive: Readable, arrival: Arrival): Promise<() => Promise<void>>;
  /** After a replacement that failed or was cut off: ends one that had begun, forgets what had only arrived. */
  recover(instanceId: string): Promise<void>;
}
