import type { ClientBase } from 'pg';
import type { MemberEvent, MemberSettings } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { sortedMap } from '../domain/etag';
import { DEFAULT_SETTINGS, memberEtag, shownRoles } from '../domain/member.state';

/** There are few members and they change seldom: row by row is fine here. */
export const memberProjection: InlineProjection = {
  name: 'member',
  tables: ['member'],
  handles: ['MemberJoined', 'MemberUpdated', 'MemberEvacuated', 'MemberRestored', 'MemberRemoved', 'MemberInvited'],
  async project(events, client) {
    for (const event of events as readonly (ProjectedEvent & MemberEvent)[]) await apply(event, client);
  },
};

async function apply(event: MemberEvent, client: ClientBase): Promise<void> {
  const { name } = event.data;
  switch (event.type) {
    case 'MemberJoined':
      await client.query(
        `INSERT INTO member (name, architecture) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET architecture = excluded.architecture, status = 'active'`,
        [name, event.data.architecture],
      );
      return writeSettings(client, name, DEFAULT_SETTINGS);
    case 'MemberUpdated':
      return writeSettings(client, name, event.data);
    case 'MemberEvacuated':
      return setStatus(client, name, 'evacuated');
    case 'MemberRestored':
      return setStatus(client, name, 'active');
    case 'MemberRemoved':
      return setStatus(client, name, 'removed');
    case 'MemberInvited':
      return;
    default:
      event satisfies never;
  }
}

async function setStatus(client: ClientBase, name: string, status: string): Promise<void> {
  await client.query('UPDATE member SET status = $2 WHERE name = $1', [name, status]);
}

/** LXD: roles, failure_domain, description, config, groups, server_name, url, database, status, message, architecture. */
async function writeSettings(client: ClientBase, name: string, settings: MemberSettings): Promise<void> {
  const { roles, failureDomain, description, config, groups } = settings;
  const head = { roles: shownRoles(roles), failure_domain: failureDomain, description, config: sortedMap(config), groups, server_name: name };
  await client.query('UPDATE member SET config = $2, groups = $3, head = $4, etag = $5 WHERE name = $1', [
    name,
    JSON.stringify(config),
    groups,
    JSON.stringify(head).slice(0, -1),
    memberEtag(settings),
  ]);
}
