import type { QueryConfig } from 'pg';
import { qualified } from '../schema/sql';
import type { Landed, Unit } from './unit';

/** The call of `append_events` for a batch of units; those that share a stream follow each other in it. */
export function appendCall(schema: string, units: readonly Unit[]): QueryConfig {
  const touched = new Map<string, { expected: number; appended: number }>();
  const events = { streams: [] as string[], versions: [] as number[], ids: [] as string[], types: [] as string[] };
  const rest = { schemas: [] as number[], data: [] as string[], commands: [] as number[], metas: [] as number[] };
  const metas: string[] = [];
  const commands = { ids: [] as string[], names: [] as string[], hashes: [] as string[], results: [] as string[] };
  const lastEvents: (number | null)[] = [];

  units.forEach((unit, index) => {
    for (const [name, { expected, appended }] of unit.streams) {
      const before = touched.get(name);
      if (before) before.appended += appended;
      else touched.set(name, { expected, appended });
    }
    let meta: object | undefined;
    for (const event of unit.events) {
      if (event.meta !== meta) metas.push(JSON.stringify((meta = event.meta)));
      events.streams.push(event.stream);
      events.versions.push(event.version);
      events.ids.push(event.id);
      events.types.push(event.type);
      rest.schemas.push(event.schemaVersion);
      rest.data.push(event.dataJson);
      rest.commands.push(index + 1);
      rest.metas.push(metas.length);
    }
    commands.ids.push(unit.command.id);
    commands.names.push(unit.command.name);
    commands.hashes.push(unit.hash);
    commands.results.push(unit.result);
    lastEvents.push(unit.events.length ? events.ids.length : null);
  });
  const streams = [...touched].sort(([a], [b]) => (a < b ? -1 : 1));

  return {
    name: `weft_append_${schema}`,
    text: `SELECT tx, positions FROM ${qualified(schema, 'append_events')}($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)`,
    values: [
      streams.map(([name]) => name),
      streams.map(([, { expected }]) => expected),
      streams.map(([, { appended }]) => appended),
      events.streams,
      events.versions,
      events.ids,
      events.types,
      rest.schemas,
      rest.data,
      rest.commands,
      rest.metas,
      metas,
      commands.ids,
      commands.names,
      commands.hashes,
      commands.results,
      lastEvents,
    ],
  };
}

/** Deals the positions of a batch out to its units. */
export function landings(units: readonly Unit[], row: { tx: string; positions: string[] }): Landed[] {
  let taken = 0;
  return units.map((unit) => {
    const positions = row.positions.slice(taken, taken + unit.events.length);
    taken += unit.events.length;
    return { tx: row.tx, positions };
  });
}
