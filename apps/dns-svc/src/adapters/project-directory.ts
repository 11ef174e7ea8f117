import { WeftError } from '@weft/contracts';
import type { Pool } from 'pg';
import type { ProjectDirectory } from '../dns.deps';

/** A project may have been made a moment ago: its event is on its way. */
const PATIENCE_MS = 3_000;
const LOOK_AGAIN_MS = 50;

export const createProjectDirectory = (pool: Pool): ProjectDirectory => ({
  async find(name) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const { rows } = await pool.query<{ name: string; config: Record<string, string> }>({
        name: 'find_project',
        text: 'SELECT name, config FROM project WHERE name = $1',
        values: [name],
      });
      if (rows[0]) return rows[0];
      if (Date.now() > deadline) throw new WeftError('project.not-found', 'Project not found');
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  },
});
