/**
 * A member of the cluster as its log tells it. Whether it is online is not part of that: heartbeats say so.
 *
 *         invite           join               evacuate
 *   none --------> invited --------> active <-----------> evacuated
 *                     ^                 |      restore        |
 *              invite |                 v                     |
 *                  removed <------------+---------------------+   remove (it has no instances)
 *
 * Where enrolment is open, the first heartbeat of a member that is not removed is a join.
 */
import type { MemberEvent, MemberSettings } from '@weft/contracts';
import type { Fold } from '@weft/event-store';
import { etagOf, sortedMap } from './etag';

export const DEFAULT_GROUP = 'default';
export const DEFAULT_SETTINGS: MemberSettings = { description: '', config: {}, roles: [], failureDomain: 'default', groups: [DEFAULT_GROUP] };

export interface EnrolledMember extends MemberSettings {
  status: 'active' | 'evacuated';
  name: string;
  architecture: string;
}

export type MemberState = { status: 'none' } | EnrolledMember | { status: 'removed' } | { status: 'invited'; operationId?: string };

export const memberFold: Fold<MemberState, MemberEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'MemberJoined':
        return { status: 'active', ...event.data, ...DEFAULT_SETTINGS };
      case 'MemberUpdated':
        return isEnrolled(state) ? { ...state, ...event.data } : state;
      case 'MemberEvacuated':
        return isEnrolled(state) ? { ...state, status: 'evacuated' } : state;
      case 'MemberRestored':
        return isEnrolled(state) ? { ...state, status: 'active' } : state;
      case 'MemberRemoved':
        return { status: 'removed' };
      case 'MemberInvited':
        return { status: 'invited', operationId: event.data.operationId };
      default:
        return event satisfies never;
    }
  },
};

export const isEnrolled = (state: MemberState): state is EnrolledMember => state.status === 'active' || state.status === 'evacuated';

export const memberStream = (name: string): string => `member-${name}`;

/** Roles that clients see: the one that every member has, and those given by hand. */
export const shownRoles = (roles: readonly string[]): string[] => ['database', ...roles];

/** LXD's ETag of a member: roles, failure domain, description, config, groups. */
export const memberEtag = (member: MemberSettings): string =>
  etagOf([shownRoles(member.roles), member.failureDomain, member.description, sortedMap(member.config), member.groups]);
