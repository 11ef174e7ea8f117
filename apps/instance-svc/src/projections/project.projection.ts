import type { ClientBase } from 'pg';
import type { ProjectEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { isTrue } from '../domain/config-values';
import { sortedMap } from '../domain/etag';
import { projectEtag } from '../domain/project.state';
import { lastOfEach, runsOf } from './event-runs';

export const projectProjection: InlineProjection = {
  name: 'project',
  tables: ['project'],
  handles: ['ProjectCreated', 'ProjectUpdated', 'ProjectRenamed', 'ProjectDeleted'],
  async project(events, client) {
    for (const run of runsOf(events as readonly (ProjectedEvent & ProjectEvent)[])) await write(client, run);
  },
};

type Content = Extract<ProjectEvent, { type: 'ProjectCreated' }>['data'];

async function write(client: ClientBase, run: readonly ProjectEvent[]): Promise<void> {
  const [first] = run;
  switch (first?.type) {
    case undefined:
      return;
    case 'ProjectCreated':
    case 'ProjectUpdated':
      return upsert(
        client,
        lastOfEach(
          run.map(({ data }) => data as Content),
          ({ id }) => id,
        ),
      );
    case 'ProjectRenamed':
      for (const { data } of run) await client.query('UPDATE project SET name = $2 WHERE id = $1', [data.id, data.name]);
      return;
    case 'ProjectDeleted':
      await client.query('DELETE FROM project WHERE id = ANY($1)', [run.map(({ data }) => data.id)]);
      return;
    default:
      return first satisfies never;
  }
}

async function upsert(client: ClientBase, contents: readonly Content[]): Promise<void> {
  await client.query(
    `INSERT INTO project (id, name, config, owns_profiles, owns_images, head, etag)
     SELECT * FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::boolean[], $5::boolean[], $6::text[], $7::text[])
     ON CONFLICT (id) DO UPDATE SET config = excluded.config, owns_profiles = excluded.owns_profiles,
       owns_images = excluded.owns_images, head = excluded.head, etag = excluded.etag`,
    [
      contents.map(({ id }) => id),
      contents.map(({ name }) => name),
      contents.map(({ config }) => JSON.stringify(config)),
      contents.map(({ config }) => isTrue(config['features.profiles'])),
      contents.map(({ config }) => isTrue(config['features.images'])),
      contents.map(head),
      contents.map(projectEtag),
    ],
  );
}

/** LXD: config, description, name, used_by. */
const head = ({ config, description }: Content): string => `{"config":${JSON.stringify(sortedMap(config))},"description":${JSON.stringify(description)}`;
