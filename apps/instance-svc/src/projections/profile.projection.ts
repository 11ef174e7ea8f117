import type { QueryConfig } from 'pg';
import type { ProfileEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { sortedMap, sortedMaps } from '../domain/etag';
import { profileEtag } from '../domain/profile.state';
import { lastOfEach, runsOf } from './event-runs';

export const profileProjection: InlineProjection = {
  name: 'profile',
  tables: ['profile'],
  handles: ['ProfileCreated', 'ProfileUpdated', 'ProfileRenamed', 'ProfileMoved', 'ProfileDeleted'],
  statements: (events) => [...runsOf(events as readonly (ProjectedEvent & ProfileEvent)[])].flatMap(write),
};

type Content = Extract<ProfileEvent, { type: 'ProfileCreated' }>['data'];

function write(run: readonly ProfileEvent[]): QueryConfig[] {
  const [first] = run;
  switch (first?.type) {
    case undefined:
      return [];
    case 'ProfileCreated':
      return [insert(run.map(({ data }) => data as Content))];
    case 'ProfileUpdated':
      return [
        update(
          lastOfEach(
            run.map(({ data }) => data as Content),
            ({ id }) => id,
          ),
        ),
      ];
    case 'ProfileRenamed':
    case 'ProfileMoved':
      return run.map(({ data }) => ({ text: 'UPDATE profile SET project = $2, name = $3 WHERE id = $1', values: [data.id, data.project, data.name] }));
    case 'ProfileDeleted':
      return [{ text: 'DELETE FROM profile WHERE id = ANY($1)', values: [run.map(({ data }) => data.id)] }];
    default:
      return first satisfies never;
  }
}

const insert = (contents: readonly Content[]): QueryConfig => ({
  text: `INSERT INTO profile (id, config, devices, head, etag, project, name)
     SELECT * FROM unnest($1::text[], $2::jsonb[], $3::jsonb[], $4::text[], $5::text[], $6::text[], $7::text[])`,
  values: [...columns(contents), contents.map(({ project }) => project), contents.map(({ name }) => name)],
});

const update = (contents: readonly Content[]): QueryConfig => ({
  name: 'profile_update',
  text: `UPDATE profile p SET config = n.config, devices = n.devices, head = n.head, etag = n.etag
       FROM unnest($1::text[], $2::jsonb[], $3::jsonb[], $4::text[], $5::text[]) AS n(id, config, devices, head, etag)
      WHERE p.id = n.id`,
  values: columns(contents),
});

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
