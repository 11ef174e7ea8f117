import type { ClientBase } from 'pg';
import type { ImageEvent, InstanceEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { sortedMap } from '../domain/etag';
import { imageEtag } from '../domain/image.state';
import { lastOfEach, runsOf } from './event-runs';

type Used = Extract<InstanceEvent, { type: 'InstanceCreated' }>;
type Created = Extract<ImageEvent, { type: 'ImageCreated' }>['data'];
type Updated = Extract<ImageEvent, { type: 'ImageUpdated' }>['data'];

/** An image was used last when an instance was made from it. */
export const imageProjection: InlineProjection = {
  name: 'image',
  tables: ['image'],
  handles: ['ImageCreated', 'ImageUpdated', 'ImageDeleted', 'InstanceCreated'],
  async project(events, client) {
    for (const run of runsOf(events as readonly (ProjectedEvent & (ImageEvent | Used))[])) await write(client, run);
  },
};

async function write(client: ClientBase, run: readonly (ImageEvent | Used)[]): Promise<void> {
  const [first] = run;
  switch (first?.type) {
    case undefined:
      return;
    case 'ImageCreated':
      return insert(
        client,
        run.map(({ data }) => data as Created),
      );
    case 'ImageUpdated':
      return update(
        client,
        lastOfEach(
          run.map(({ data }) => data as Updated),
          ({ id }) => id,
        ),
      );
    case 'ImageDeleted':
      await client.query('DELETE FROM image WHERE id = ANY($1)', [run.map(({ data }) => data.id)]);
      return;
    case 'InstanceCreated':
      return use(
        client,
        run.map(({ data }) => data as Used['data']),
      );
    default:
      return first satisfies never;
  }
}

async function insert(client: ClientBase, images: readonly Created[]): Promise<void> {
  await client.query(
    `INSERT INTO image (id, project, fingerprint, type, architecture, public, properties, profiles, uploaded_at, head, middle, uploaded, etag)
     SELECT id, project, fingerprint, type, architecture, public, properties,
            ARRAY(SELECT jsonb_array_elements_text(profiles)), uploaded::timestamptz, head, middle, uploaded, etag
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::jsonb[], $8::jsonb[],
                   $9::text[], $10::text[], $11::text[], $12::text[])
         AS n(id, project, fingerprint, type, architecture, public, properties, profiles, uploaded, head, middle, etag)`,
    [
      images.map(({ id }) => id),
      images.map(({ project }) => project),
      images.map(({ fingerprint }) => fingerprint),
      images.map(({ type }) => type),
      images.map(({ architecture }) => architecture),
      images.map((image) => image.public),
      images.map(({ properties }) => JSON.stringify(properties)),
      images.map(({ profiles }) => JSON.stringify(profiles)),
      images.map(({ uploadedAt }) => uploadedAt),
      images.map(head),
      images.map(middle),
      images.map(imageEtag),
    ],
  );
}

async function update(client: ClientBase, images: readonly Updated[]): Promise<void> {
  await client.query(
    `UPDATE image i SET public = n.public, properties = n.properties, head = n.head, etag = n.etag,
            profiles = ARRAY(SELECT jsonb_array_elements_text(n.profiles))
       FROM unnest($1::text[], $2::boolean[], $3::jsonb[], $4::jsonb[], $5::text[], $6::text[])
         AS n(id, public, properties, profiles, head, etag)
      WHERE i.id = n.id`,
    [
      images.map(({ id }) => id),
      images.map((image) => image.public),
      images.map(({ properties }) => JSON.stringify(properties)),
      images.map(({ profiles }) => JSON.stringify(profiles)),
      images.map(head),
      images.map(imageEtag),
    ],
  );
}

/** Of the own project, else of `default`: the same answer in a rebuild, whatever became of the project since. */
async function use(client: ClientBase, instances: readonly Used['data'][]): Promise<void> {
  const made = instances.filter(({ imageFingerprint, copiedFrom }) => imageFingerprint !== '' && copiedFrom === null);
  if (made.length === 0) return;
  await client.query(
    `WITH used AS (
       SELECT i.id, max(u.at) AS at
         FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS u(fingerprint, project, at)
         JOIN image i ON i.fingerprint = u.fingerprint AND (i.project = u.project OR i.project = 'default'
              AND NOT EXISTS (SELECT FROM image own WHERE own.project = u.project AND own.fingerprint = u.fingerprint))
        GROUP BY i.id)
     UPDATE image i SET last_used_at = greatest(i.last_used_at, used.at) FROM used WHERE i.id = used.id`,
    [made.map(({ imageFingerprint }) => imageFingerprint), made.map(({ project }) => project), made.map(({ createdAt }) => createdAt)],
  );
}

/** LXD: auto_update, properties, public, expires_at, profiles, aliases, ... */
const head = (image: Updated): string => {
  const { autoUpdate, properties, expiresAt, profiles } = image;
  return JSON.stringify({ auto_update: autoUpdate, properties: sortedMap(properties), public: image.public, expires_at: shortened(expiresAt), profiles }).slice(
    0,
    -1,
  );
};

/** ... architecture, cached, filename, fingerprint, size, type, created_at, last_used_at, uploaded_at. */
const middle = ({ architecture, filename, fingerprint, sizeBytes, type, createdAt }: Created): string =>
  JSON.stringify({ architecture, cached: false, filename, fingerprint, size: sizeBytes, type, created_at: shortened(createdAt) }).slice(1, -1);

/** Go writes no fraction when it is zero. */
const shortened = (iso: string): string => iso.replace('.000Z', 'Z');
