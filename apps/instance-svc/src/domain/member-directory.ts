import type { Heartbeat } from '@weft/contracts';

/** A member as its last heartbeat showed it. */
export interface MemberView {
  name: string;
  online: boolean;
  heartbeat: Heartbeat;
}

/** Read side of the members that report in. */
export interface MemberDirectory {
  get(name: string): MemberView | undefined;
  all(): MemberView[];
}
