import type { QueryConfig } from 'pg';
import { jsonArray, numberArray, qualified, textArray } from '../schema/sql';
import type { Landed, Unit } from './unit';

/**
 * The call of `append_events` for a batch of units; those that share a stream follow each other in it. Numbers and
 * texts travel as array literals, whatever is JSON as one JSON array: nothing is escaped twice.
 */
export function appendCall(schema: string, units: readonly Unit[]): QueryConfig {
  const commands = { ids: [] as string[], names: [] as string[], hashes: [] as string[], results: [] as string[] };
  const lastEvents: (number | null)[] = [];
  let events = 0;
  for (const unit of units) {
    events += unit.events.length;
    commands.ids.push(unit.command.id);
    commands.names.push(unit.command.name);
    commands.hashes.push(unit.hash);
    commands.results.push(unit.result);
    lastEvents.push(unit.events.length ? events : null);
  }
  return {
    name: `weft_append_${schema}`,
    text: `SELECT tx, positions FROM ${qualified(schema, 'append_events')}($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)`,
    values: [
      ...streamColumns(units),
      ...eventColumns(units),
      textArray(commands.ids),
      textArray(commands.names),
      textArray(commands.hashes),
      jsonArray(commands.results),
      numberArray(lastEvents),
    ],
  };
}

/** Names, expected versions and numbers of events, sorted by name. */
function streamColumns(units: readonly Unit[]): string[] {
  const touched = new Map<string, { expected: number; appended: number }>();
  for (const unit of units) {
    for (const [name, { expected, appended }] of unit.streams) {
      const before = touched.get(name);
      if (before) before.appended += appended;
      else touched.set(name, { expected, appended });
    }
  }
  const names = [...touched.keys()].sort();
  const streams = names.map((name) => touched.get(name)!);
  return [textArray(names), numberArray(streams.map(({ expected }) => expected)), numberArray(streams.map(({ appended }) => appended))];
}

/** The events of all units in log order; `commands` count from 1, as arrays do, and `metas` from 0, as JSON does. */
function eventColumns(units: readonly Unit[]): string[] {
  const texts = { streams: [] as string[], ids: [] as string[], types: [] as string[], data: [] as string[] };
  const numbers = { versions: [] as number[], schemas: [] as number[], commands: [] as number[], metas: [] as number[] };
  const metas: string[] = [];
  units.forEach((unit, index) => {
    let meta: object | undefined;
    for (const event of unit.events) {
      if (event.meta !== meta) metas.push(JSON.stringify((meta = event.meta)));
      texts.streams.push(event.stream);
      texts.ids.push(event.id);
      texts.types.push(event.type);
      texts.data.push(event.dataJson);
      numbers.versions.push(event.version);
      numbers.schemas.push(event.schemaVersion);
      numbers.commands.push(index + 1);
      numbers.metas.push(metas.length - 1);
    }
  });
  return [
    textArray(texts.streams),
    numberArray(numbers.versions),
    textArray(texts.ids),
    textArray(texts.types),
    numberArray(numbers.schemas),
    jsonArray(texts.data),
    numberArray(numbers.commands),
    numberArray(numbers.metas),
    jsonArray(metas),
  ];
}

/** What an append answers: one row for all its units. */
export interface AppendedRow {
  tx: string;
  positions: string[];
}

/** Deals the positions of a batch out to its units. */
export function landings(units: readonly Unit[], row: AppendedRow): Landed[] {
  let taken = 0;
  return units.map((unit) => {
    const positions = row.positions.slice(taken, taken + unit.events.length);
    taken += unit.events.length;
    return { tx: row.tx, positions };
  });
}
