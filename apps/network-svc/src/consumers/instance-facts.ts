/**
 * What this service must know of projects, profiles, instances and members: rows that follow the instance service's
 * log, each event exactly once, in the transaction of the checkpoint.
 */
import { isTrue, type InstanceEvent, type MemberEvent, type ProfileEvent, type ProjectEvent } from '@weft/contracts';
import type { RecordedEvent } from '@weft/event-store';
import type { ClientBase } from 'pg';

type Followed =
  | ProjectEvent
  | ProfileEvent
  | Extract<MemberEvent, { type: 'MemberJoined' | 'MemberRemoved' }>
  | Extract<InstanceEvent, { type: 'InstanceCreated' | 'InstanceRenamed' | 'InstanceDeleted' }>;

export const FOLLOWED: readonly Followed['type'][] = [
  'ProjectCreated',
  'ProjectUpdated',
  'ProjectRenamed',
  'ProjectDeleted',
  'ProfileCreated',
  'ProfileUpdated',
  'ProfileRenamed',
  'ProfileMoved',
  'ProfileDeleted',
  'InstanceCreated',
  'InstanceRenamed',
  'InstanceDeleted',
  'MemberJoined',
  'MemberRemoved',
];

export async function followInstanceService(events: readonly RecordedEvent[], client: ClientBase): Promise<void> {
  for (const event of events) await follow(client, event as RecordedEvent & Followed);
}

async function follow(client: ClientBase, event: Followed): Promise<void> {
  switch (event.type) {
    case 'ProjectCreated':
    case 'ProjectUpdated':
    case 'ProjectRenamed':
    case 'ProjectDeleted':
      return followProject(client, event);
    case 'ProfileCreated':
    case 'ProfileUpdated':
    case 'ProfileRenamed':
    case 'ProfileMoved':
    case 'ProfileDeleted':
      return followProfile(client, event);
    case 'InstanceCreated':
    case 'InstanceRenamed':
      await client.query('INSERT INTO instance_name (id, project, name) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET name = excluded.name', [
        event.data.id,
        event.data.project,
        event.data.name,
      ]);
      return;
    case 'InstanceDeleted':
      await client.query('DELETE FROM instance_name WHERE id = $1', [event.data.id]);
      return;
    case 'MemberJoined':
      await client.query('INSERT INTO member (name) VALUES ($1) ON CONFLICT DO NOTHING', [event.data.name]);
      return;
    case 'MemberRemoved':
      await client.query('DELETE FROM member WHERE name = $1', [event.data.name]);
      return;
    default:
      return event satisfies never;
  }
}

async function followProject(client: ClientBase, event: ProjectEvent): Promise<void> {
  switch (event.type) {
    case 'ProjectCreated':
    case 'ProjectUpdated': {
      const { id, name, config } = event.data;
      await client.query(
        `INSERT INTO project (name, id, config, networks_project) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET id = excluded.id, config = excluded.config, networks_project = excluded.networks_project`,
        [name, id, JSON.stringify(config), name === 'default' || isTrue(config['features.networks']) ? name : 'default'],
      );
      return;
    }
    case 'ProjectRenamed':
      await client.query('UPDATE project SET name = $2, networks_project = CASE networks_project WHEN name THEN $2 ELSE networks_project END WHERE id = $1', [
        event.data.id,
        event.data.name,
      ]);
      return;
    case 'ProjectDeleted':
      await client.query('DELETE FROM project WHERE id = $1', [event.data.id]);
      return;
    default:
      return event satisfies never;
  }
}

async function followProfile(client: ClientBase, event: ProfileEvent): Promise<void> {
  switch (event.type) {
    case 'ProfileCreated':
    case 'ProfileUpdated': {
      const { id, project, name, devices } = event.data;
      const nics = Object.values(devices).filter((device) => device['type'] === 'nic');
      const named = (option: string): string[] => [...new Set(nics.flatMap((nic) => (nic[option] ?? '').split(',').map((one) => one.trim())))].filter(Boolean);
      await client.query({
        name: 'follow-profile',
        text: `INSERT INTO profile (id, project, name, networks, acls) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET networks = excluded.networks, acls = excluded.acls`,
        values: [id, project, name, named('network'), named('security.acls')],
      });
      return;
    }
    case 'ProfileRenamed':
    case 'ProfileMoved':
      await client.query('UPDATE profile SET project = $2, name = $3 WHERE id = $1', [event.data.id, event.data.project, event.data.name]);
      return;
    case 'ProfileDeleted':
      await client.query('DELETE FROM profile WHERE id = $1', [event.data.id]);
      return;
    default:
      return event satisfies never;
  }
}
