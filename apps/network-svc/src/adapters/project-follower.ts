import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { INSTANCE_CONTEXT } from '@weft/contracts';
import { requestEvents, type Cursor } from '@weft/event-store';
import type { Logger } from '@weft/platform';
import type { Pool } from 'pg';
import type { ProjectClient } from '../clients/project.client';

/** The consumer's name: its checkpoint says how far this service has followed. */
export const CONSUMER = `events of ${INSTANCE_CONTEXT}`;

const PATIENCE_MS = 3_000;
const PAUSE_MS = 20;

export function createProjectFollower(nats: NatsConnection, pool: Pool, log: Logger): ProjectClient {
  const fetch = requestEvents(nats, INSTANCE_CONTEXT);
  const isBehind = async (): Promise<boolean> => {
    const { rows } = await pool.query<Cursor>('SELECT tx::text, position::text FROM checkpoint WHERE name = $1', [CONSUMER]);
    if (!rows[0]) return true;
    const page = await fetch(rows[0], 1);
    return page.events.length > 0 || page.fenced;
  };
  return {
    async upToDate() {
      const deadline = performance.now() + PATIENCE_MS;
      try {
        while ((await isBehind()) && performance.now() < deadline) await sleep(PAUSE_MS);
      } catch (error) {
        // What is known already is better than no answer.
        log.warn({ err: error }, 'instance service not reached: going on with the projects that are known');
      }
    },
  };
}
