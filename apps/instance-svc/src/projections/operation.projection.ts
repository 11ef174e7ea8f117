import type { OperationEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { operationDocument } from '../domain/operation.document';
import { lastOfEach } from './event-runs';

/** The newest rendering of every operation. What only its creation knows (deadline, carrier, saga) stays as it was. */
export const operationProjection: InlineProjection = {
  name: 'operation',
  tables: ['operation'],
  handles: ['OperationCreated', 'OperationCancelRequested', 'OperationCompleted'],
  statements(events) {
    const all = events as readonly (ProjectedEvent & OperationEvent)[];
    const created = new Map(all.flatMap((event) => (event.type === 'OperationCreated' ? [[event.data.id, event.data] as const] : [])));
    const last = lastOfEach(all, (event) => event.data.id).map(({ data }) => data);
    const write = {
      name: 'write-operations',
      text: `INSERT INTO operation (id, project, class, status_code, doc, member, deadline_at, carrier_member, carrier_boot_id, saga_type, updated_at)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::timestamptz[])
       ON CONFLICT (id) DO UPDATE SET status_code = excluded.status_code, doc = excluded.doc, updated_at = excluded.updated_at`,
      values: [
        last.map(({ id }) => id),
        last.map(({ project }) => project),
        last.map(({ operation }) => operation.class),
        last.map(({ operation }) => operation.status_code),
        last.map(({ operation }) => operationDocument(operation)),
        last.map(({ operation }) => operation.location),
        last.map(({ id }) => created.get(id)?.deadlineAt ?? null),
        last.map(({ id }) => created.get(id)?.carrier?.member ?? null),
        last.map(({ id }) => created.get(id)?.carrier?.bootId ?? null),
        last.map(({ id }) => created.get(id)?.sagaType ?? null),
        last.map(({ operation }) => operation.updated_at),
      ],
    };
    return [write];
  },
};
