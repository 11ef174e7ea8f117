import type { Heartbeat } from '@weft/contracts';
import type { Candidate } from './placement';

/** A member as its last heartbeat showed it. */
export interface MemberView {
  name: string;
  online: boolean;
  heartbeat: Heartbeat;
}

/** The members that report in. */
export interface MemberDirectory {
  get(name: string): MemberView | undefined;
  all(): MemberView[];
  /** For placement. */
  candidates(): Candidate[];
  /** An instance was sent to a member: the next placements should know before its next heartbeat does. */
  assign(name: string): void;
}
