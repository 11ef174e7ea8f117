import { z } from 'zod';
import { etagOf } from './etag';
import * as lxd from './scalar';

const names = lxd.nameList.nullish().transform((list) => list ?? []);
const patchNames = lxd.nameList.nullish().transform((list) => list ?? undefined);

/** `PUT /1.0/cluster/members/<name>`. */
export const clusterMemberPut = z.object({ roles: names, failure_domain: lxd.text, description: lxd.text, config: lxd.config, groups: names });
export const clusterMemberPatch = z.object({
  roles: patchNames,
  failure_domain: lxd.patchText,
  description: lxd.patchText,
  config: lxd.patchConfig,
  groups: patchNames,
});
/** `POST /1.0/cluster/members`: a join token. */
export const clusterMembersPost = z.object({ server_name: lxd.name });
/** `POST /1.0/cluster/members/<name>`: a rename. */
export const clusterMemberPost = z.object({ server_name: lxd.name });
/** `POST /1.0/cluster/members/<name>/state`. The stock client sends `mode` "". */
export const clusterMemberStatePost = z.object({
  action: z.enum(['evacuate', 'restore'], { error: 'Unknown action: give "evacuate" or "restore"' }),
  mode: z
    .enum(['', 'auto', 'migrate', 'live-migrate', 'stop'], { error: 'Unknown mode: give "auto", "migrate", "live-migrate" or "stop"' })
    .nullish()
    .transform((mode) => mode ?? ''),
});

export const clusterGroupsPost = z.object({ name: lxd.name, description: lxd.text, members: names });
export const clusterGroupPut = z.object({ description: lxd.text, members: names });
export const clusterGroupPatch = z.object({ description: lxd.patchText, members: patchNames });

/** LXD's ETag of a group: its writable part. `members` sorted, as clients see them. */
export const clusterGroupEtag = (description: string, members: readonly string[]): string => etagOf([description, members]);
