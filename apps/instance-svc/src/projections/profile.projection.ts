import type { ClientBase } from 'pg';
import type { ProfileEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { sortedMap, sortedMaps } from '../domain/etag';
import { profileEtag } from '../domain/profile.state';
import { lastOfEach, runsOf } from './event-runs';

export const profileProjection: InlineProjection = {
  name: 'profile',
  tables: ['profile'],
  handles: ['ProfileCreated', 'ProfileUpdated', 'ProfileRenamed', 'ProfileMoved', 'ProfileDeleted'],
  async project(events, client) {
    for (const run of runsOf(events as readonly (ProjectedEvent & ProfileEvent)[])) await write(client, run);
  },
};

type Content = Extract<ProfileEvent, { type: 'ProfileCreated' }>['data'];

async function write(client: ClientBase, run: readonly ProfileEvent[]): Promise<void> {
  const [first] = run;
  switch (first?.type) {
    case undefined:
      return;
    case 'ProfileCreated':
      return insert(
        client,
        run.map(({ data }) => data as Content),
      );
    case 'ProfileUpdated':
      return update(
        client,
        lastOfEach(
          run.map(({ data }) => data as Content),
          ({ id }) => id,
        ),
      );
    case 'ProfileRenamed':
    case 'ProfileMoved':
      for (const { data } of run) await client.query('UPDATE profile SET project = $2, name = $3 WHERE id = $1', [data.id, data.project, data.name]);
      return;
    case 'ProfileDeleted':
      await client.query('DELETE FROM profile WHERE id = ANY($1)', [run.map(({ data }) => data.id)]);
      return;
    default:
      return first satisfies never;
  }
}

async function insert(client: ClientBase, contents: readonly Content[]): Promise<void> {
  await client.query(
    `INSERT INTO profile (id, config, devices, head, etag, project, name)
     SELECT * FROM unnest($1::text[], $2::jsonb[], $3::jsonb[], $4::text[], $5::text[], $6::text[], $7::text[])`,
    [...columns(contents), contents.map(({ project }) => project), contents.map(({ name }) => name)],
  );
}

async function update(client: ClientBase, contents: readonly Content[]): Promise<void> {
  await client.query({
    name: 'profile_update',
    text: `UPDATE profile p SET config = n.config, devices = n.devices, head = n.head, etag = n.etag
       FROM unnest($1::text[], $2::jsonb[], $3::jsonb[], $4::text[], $5::text[]) AS n(id, config, devices, head, etag)
      WHERE p.id = n.id`,
    values: columns(contents),
  });
}

const columns = (contents: readonly Content[]): unknown[] => [
  contents.map(({ id }) => id),
  contents.map(({ config }) => JSON.stringify(config)),
  contents.map(({ devices }) => JSON.stringify(devices)),
  contents.map(head),
  contents.map(profileEtag),
];

/** LXD: config, description, devices, name, used_by. */
const head = ({ config, description, devices }: Content): string =>
  `{"config":${JSON.stringify(sortedMap(config))},"description":${JSON.stringify(description)},"devices":${JSON.stringify(sortedMaps(devices))}`;
