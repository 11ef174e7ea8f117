import type { ClientBase, QueryConfig } from 'pg';
import type { InlineProjection, ProjectedEvent } from '../types';

/**
 * Passes events to projections, in their order: one may read what those before it have written. In pipeline mode what
 * needs no answer waits for none.
 * @throws what failed first, when nothing of them runs any more
 */
export async function projectAll(
  projections: readonly InlineProjection[],
  events: readonly ProjectedEvent[],
  client: ClientBase & { pipeline?: boolean },
): Promise<void> {
  let sent: unknown[] = [];
  for (const projection of projections) {
    const wanted = wantedBy(projection, events);
    if (wanted.length === 0) continue;
    const statements = projection.statements?.(wanted);
    if (statements) {
      for (const statement of statements) sent.push(client.pipeline ? client.query(statement) : await client.query(statement));
    } else {
      await allOf([...sent, projection.project?.(wanted, client)]);
      sent = [];
    }
  }
  await allOf(sent);
}

/** Everything that the projections write, when all of them know it without asking. */
export function statementsOf(projections: readonly InlineProjection[], events: readonly ProjectedEvent[]): QueryConfig[] | undefined {
  const all: QueryConfig[] = [];
  for (const projection of projections) {
    const wanted = wantedBy(projection, events);
    const statements = wanted.length === 0 ? [] : projection.statements?.(wanted);
    if (!statements) return undefined;
    all.push(...statements);
  }
  return all;
}

const wantedBy = ({ handles }: InlineProjection, events: readonly ProjectedEvent[]): readonly ProjectedEvent[] =>
  events.filter(({ type }) => handles.includes(type));

async function allOf(sent: readonly unknown[]): Promise<void> {
  for (const outcome of await Promise.allSettled(sent)) if (outcome.status === 'rejected') throw outcome.reason;
}
