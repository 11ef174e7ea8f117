/** Starts again what the end of its host stopped. The wish is in the rows (`comes_back`), so a restart loses none. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newId, WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import { serviceMeta } from '../commands/service-meta';
import { changeState } from '../commands/set-instance-state';
import { planAutostart, type AutostartStep } from '../domain/autostart';
import { isTrue } from '../domain/config-values';
import type { Deps } from '../instance.deps';
import { findInstance } from '../queries/find-instance';

interface Row {
  name: string;
  project: string;
  comes_back: boolean;
  config: Record<string, string>;
}

export class AutostartReconciler {
  private readonly underWay = new Set<string>();

  constructor(private readonly deps: Deps) {}

  /** `hostRestarted`: then instances with `boot.autostart` start even if they were stopped before. */
  async reconcile(member: string, hostRestarted: boolean): Promise<void> {
    if (this.underWay.has(member)) return;
    this.underWay.add(member);
    try {
      const { rows } = await this.deps.pool.query<Row>({
        name: 'sleeping-instances',
        text: `SELECT name, project, comes_back, spec::json->'config' AS config FROM instance
          WHERE member = $1 AND status = 'stopped' AND NOT locked AND (comes_back OR $2)
            AND NOT EXISTS (SELECT FROM member WHERE name = $1 AND status = 'evacuated')`,
        values: [member, hostRestarted],
      });
      const wanted = rows.filter((row) => row.comes_back || isTrue(row.config['boot.autostart']));
      for (const step of planAutostart(wanted)) await this.start(step);
    } finally {
      this.underWay.delete(member);
    }
  }

  private async start({ name, project, delaySeconds }: AutostartStep): Promise<void> {
    const id = newId();
    try {
      const row = await findInstance(this.deps.pool, project, name);
      const request = { action: 'start' as const, timeout: 0, force: false, stateful: false };
      await execute(this.deps, serviceMeta(project, id, id), 'instance.autostart', { name }, (uow) =>
        changeState(this.deps, uow, serviceMeta(project, id, id), row, request),
      );
      this.deps.log.info({ instance: name, project }, 'instance starts again with its host');
      if (delaySeconds > 0) await sleep(delaySeconds * 1_000);
    } catch (error) {
      // Another replica, or a person, was faster.
      if (!(error instanceof WeftError)) throw error;
      this.deps.log.info({ err: error, instance: name, project }, 'autostart not needed');
    }
  }
}
