/** Extended attributes of unpacked files (pure). In tarballs they are pax keys `SCHILY.xattr.<name>`. */

const PREFIX = 'SCHILY.xattr.';
const CAPABILITY = 'security.capability';
const REVISION_MASK = 0xff000000;
const REVISION_2 = 0x02000000;
const REVISION_3 = 0x03000000;
const REVISION_2_BYTES = 20;

/**
 * The attributes to keep: `user.*` and file capabilities. For a shifted tree, capabilities become those of the
 * container's own root (revision 3 with the root id, linux/capability.h), so that they mean nothing on the host.
 */
export function shiftAttributes(pax: Readonly<Record<string, string>>, idmapBase: number | null): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(pax)) {
    if (!key.startsWith(PREFIX)) continue;
    const name = key.slice(PREFIX.length);
    if (name.startsWith('user.')) kept[key] = value;
    const capability = name === CAPABILITY ? shiftCapability(value, idmapBase) : undefined;
    if (capability !== undefined) kept[key] = capability;
  }
  return kept;
}

function shiftCapability(value: string, idmapBase: number | null): string | undefined {
  const bytes = Buffer.from(value);
  // Read as text on the way: a value that is no longer what it was is dropped, never guessed.
  if (value.includes('\ufffd') || bytes.length !== REVISION_2_BYTES) return undefined;
  const magic = bytes.readUInt32LE(0);
  if ((magic & REVISION_MASK) !== REVISION_2) return undefined;
  if (idmapBase === null) return value;
  const shifted = Buffer.alloc(REVISION_2_BYTES + 4);
  bytes.copy(shifted);
  shifted.writeUInt32LE(((magic & ~REVISION_MASK) | REVISION_3) >>> 0, 0);
  shifted.writeUInt32LE(idmapBase, REVISION_2_BYTES);
  // The root id may contain bytes that text cannot carry.
  const text = shifted.toString('utf8');
  return Buffer.from(text).equals(shifted) ? text : undefined;
}
