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
  /**
   * Just after the start of this process a member that is there may not have been heard of yet: waits for its first
   * heartbeat (without a name: for those of all known members, or of any when none is known), a few seconds at most.
   */
  heard(name?: string): Promise<void>;
  /** Whether a first heartbeat may still come: what is not known of the member yet proves nothing. */
  expected(name: string): boolean;
  /** For placement. */
  candidates(): Omit<Candidate, 'policy' | 'placed'>[];
  /** An instance was sent to a member: the next placements should know before its next heartbeat does. */
  assign(name: string): void;
}
