import type { MemberEvent } from '@weft/contracts';
import type { InlineProjection, RecordedEvent } from '@weft/event-store';
import { lastOfEach } from './event-runs';

export const memberProjection: InlineProjection = {
  name: 'member',
  tables: ['member'],
  handles: ['MemberJoined'],
  async project(events, client) {
    const joined = lastOfEach(events as readonly (RecordedEvent & MemberEvent)[], (event) => event.data.name).map(({ data }) => data);
    await client.query(
      `INSERT INTO member (name, architecture) SELECT * FROM unnest($1::text[], $2::text[])
       ON CONFLICT (name) DO UPDATE SET architecture = excluded.architecture`,
      [joined.map(({ name }) => name), joined.map(({ architecture }) => architecture)],
    );
  },
};
