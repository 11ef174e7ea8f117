/**
 * Image files on members against what the platform believes. Pure.
 *
 *   on the member   believed there   some project needs it    plan
 *   yes             no               yes                      record it
 *   no              yes              -                        forget it
 *   yes             -                no, for a while now      delete it
 *
 * "For a while": between the files' arrival and the record of the image lies an import, and nobody may delete the
 * files from under it.
 */
export interface ImageStore {
  needed: ReadonlySet<string>;
  locations: readonly { fingerprint: string; member: string }[];
}

export interface MemberImages {
  member: string;
  images: readonly string[];
}

export type ImageFileAction = { kind: 'record' | 'forget' | 'delete'; member: string; fingerprint: string };

/**
 * @param unneededSince when each file was first seen unneeded, key `fingerprint member`, milliseconds
 * @param now milliseconds on the same clock
 */
export function planImageFiles(
  store: ImageStore,
  members: readonly MemberImages[],
  unneededSince: ReadonlyMap<string, number>,
  now: number,
  graceMs: number,
): { actions: ImageFileAction[]; unneededSince: Map<string, number> } {
  const believed = new Set(store.locations.map(({ fingerprint, member }) => `${fingerprint} ${member}`));
  const still = new Map<string, number>();
  const actions: ImageFileAction[] = [];
  for (const { member, images } of members) {
    for (const fingerprint of images) {
      const key = `${fingerprint} ${member}`;
      if (store.needed.has(fingerprint)) {
        if (!believed.has(key)) actions.push({ kind: 'record', member, fingerprint });
        continue;
      }
      const since = unneededSince.get(key) ?? now;
      still.set(key, since);
      if (now - since >= graceMs) actions.push({ kind: 'delete', member, fingerprint });
    }
    const present = new Set(images);
    for (const { fingerprint } of store.locations.filter((location) => location.member === member && !present.has(location.fingerprint))) {
      actions.push({ kind: 'forget', member, fingerprint });
    }
  }
  return { actions, unneededSince: still };
}
