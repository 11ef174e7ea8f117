/**
 * Image files on members against what the platform believes. Pure.
 *
 *   on the member   believed there   some project needs it    plan
 *   yes             no               yes                      record it
 *   no              yes              -                        forget it
 *   yes             -                no, for a while now      delete it
 *   on too few      -                yes                      copy it to more members, those with most room first
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
  diskFreeBytes: number;
}

export type ImageFileAction =
  { kind: 'record' | 'forget' | 'delete'; member: string; fingerprint: string } | { kind: 'copy'; member: string; fingerprint: string; from: string };

/** `cluster.images_minimal_replica`: members that hold an image's files, at least; LXD's default. -1: all. */
export const IMAGE_REPLICAS = 3;

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

/** What is on too few of the members that are there. What a member is believed to have counts, until its heartbeat denies it. */
export function planImageCopies({ needed, locations }: ImageStore, members: readonly MemberImages[], replicas: number): ImageFileAction[] {
  const roomiest = [...members].sort((a, b) => b.diskFreeBytes - a.diskFreeBytes || (a.member < b.member ? -1 : 1));
  const wanted = replicas === -1 ? members.length : replicas;
  return [...needed].flatMap((fingerprint) => {
    const believed = new Set(locations.filter((location) => location.fingerprint === fingerprint).map(({ member }) => member));
    const holders = members.filter(({ images }) => images.includes(fingerprint)).map(({ member }) => member);
    const without = roomiest.filter(({ member }) => !believed.has(member) && !holders.includes(member));
    const [from] = holders;
    if (from === undefined) return [];
    return without
      .slice(0, Math.max(0, wanted - (members.length - without.length)))
      .map(({ member }): ImageFileAction => ({ kind: 'copy', member, fingerprint, from }));
  });
}
