/** What an image may cost this host. An image beyond them is refused as `image.invalid`. */
export interface ImageLimits {
  /** The metadata tarball of a split image. */
  metadataBytes: number;
  /** A unified tarball, or the root file system of a split image, as uploaded. */
  archiveBytes: number;
  /** What it unpacks to. */
  unpackedBytes: number;
  entries: number;
}

const GIB = 1024 ** 3;
export const DEFAULT_IMAGE_LIMITS: ImageLimits = { metadataBytes: 256 * 1024 ** 2, archiveBytes: 64 * GIB, unpackedBytes: 256 * GIB, entries: 2_000_000 };
