import type { ClientBase } from 'pg';
import type { ImageAliasEvent, ImageFileEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { etagOf } from '../domain/etag';
import { imageAliasDocument } from '../domain/image.state';
import { runsOf } from './event-runs';

type Content = Extract<ImageAliasEvent, { type: 'ImageAliasCreated' }>['data'];

/** Aliases are few and small: written one by one. A rename reads the row because the document contains the name. */
export const imageAliasProjection: InlineProjection = {
  name: 'image_alias',
  tables: ['image_alias'],
  handles: ['ImageAliasCreated', 'ImageAliasUpdated', 'ImageAliasRenamed', 'ImageAliasDeleted'],
  async project(events, client) {
    for (const event of events as readonly (ProjectedEvent & ImageAliasEvent)[]) await write(client, event);
  },
};

async function write(client: ClientBase, event: ImageAliasEvent): Promise<void> {
  switch (event.type) {
    case 'ImageAliasCreated':
    case 'ImageAliasUpdated':
      return upsert(client, event.data);
    case 'ImageAliasRenamed': {
      const { rows } = await client.query<Content>(
        `SELECT id, project, name, description, type, image_id AS "imageId", target FROM image_alias WHERE id = $1`,
        [event.data.id],
      );
      return rows[0] ? upsert(client, { ...rows[0], name: event.data.name }) : undefined;
    }
    case 'ImageAliasDeleted':
      await client.query('DELETE FROM image_alias WHERE id = $1', [event.data.id]);
      return;
    default:
      return event satisfies never;
  }
}

async function upsert(client: ClientBase, alias: Content): Promise<void> {
  const document = imageAliasDocument(alias);
  await client.query(
    `INSERT INTO image_alias (id, project, name, image_id, type, target, description, doc, etag)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, image_id = excluded.image_id, type = excluded.type,
       target = excluded.target, description = excluded.description, doc = excluded.doc, etag = excluded.etag`,
    [alias.id, alias.project, alias.name, alias.imageId, alias.type, alias.target, alias.description, JSON.stringify(document), etagOf(document)],
  );
}

export const imageLocationProjection: InlineProjection = {
  name: 'image_location',
  tables: ['image_location'],
  handles: ['ImageStoredOnMember', 'ImageRemovedFromMember'],
  async project(events, client) {
    for (const run of runsOf(events as readonly (ProjectedEvent & ImageFileEvent)[])) {
      const places = [run.map(({ data }) => data.fingerprint), run.map(({ data }) => data.member)];
      if (run[0]?.type === 'ImageStoredOnMember') {
        await client.query('INSERT INTO image_location SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING', places);
      } else {
        await client.query('DELETE FROM image_location WHERE (fingerprint, member) IN (SELECT * FROM unnest($1::text[], $2::text[]))', places);
      }
    }
  },
};
