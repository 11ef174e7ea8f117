/**
 * Images of this host. Originals are kept as they came (their bytes make the fingerprint); what drivers need is
 * derived from them at first use, built beside and renamed into place, and shared by all instances of the image.
 *
 *   images/<fingerprint>/metadata            the metadata tarball, or the unified tarball
 *                        rootfs              split images: squashfs, tarball or qcow2
 *                        meta.json           what was read from them
 *                        rootfs.<idmap>/     derived: extracted and owner-shifted, for containers (read only!)
 *                        disk.qcow2          derived: for virtual machines (backing file, never written)
 */

/** What drivers ask of the image store. */
export interface DriverImages {
  /**
   * The extracted root file system, to be used as a read-only lower layer or copied from, never written to.
   * Owners are shifted by `idmapBase` (host uid = base + guest uid, for 0..65535); `null` keeps them (privileged).
   * No device nodes; set-id bits, ACL-free modes, hard links and file times as in the image.
   * @throws WeftError image.not-found, image.wrong-type (a VM image), image.invalid, disk.full
   */
  containerRoot(fingerprint: string, options: { idmapBase: number | null }): Promise<string>;
  /**
   * A qcow2 file to be used as a backing file, never written to.
   * @throws WeftError image.not-found, image.wrong-type (a container image), image.invalid, disk.full
   */
  vmDisk(fingerprint: string): Promise<string>;
  /** The directory of the image's templates and metadata.yaml (`metadata.yaml`, `templates/*`), read only. */
  metadataDir(fingerprint: string): Promise<string>;
}
