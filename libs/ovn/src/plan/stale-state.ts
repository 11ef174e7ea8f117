import type { Owner } from '../model';

/** OVN has a newer version of something than the desired state: whoever made that state has to look again. */
export class OvnStaleState extends Error {
  constructor(
    readonly owner: Owner,
    readonly presentVersion: number,
    readonly desiredVersion: number,
  ) {
    super(`OVN has version ${presentVersion} of ${owner}, which is newer than ${desiredVersion}`);
    this.name = 'OvnStaleState';
  }
}
