import { meteredProjects } from '../domain/policy';
import { metricsText, type MeteredInstance } from '../domain/metrics-text';
import type { Deps } from '../gateway.deps';
import { route, type Route } from '../http/route';

const RUNNING = {
  name: 'metrics',
  sql: `select project, name, type, state_doc from instance.instance_v1 where status <> 'Stopped' and ($1 = '' or project = $1) order by project, name`,
};

export function metricsRoutes({ reads }: Deps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/1.0/metrics',
      summary: 'What running instances use (OpenMetrics)',
      access: 'metrics',
      handle: async (call) => {
        const rows = await reads.rows(RUNNING, [call.query.project ?? ''], 'list');
        const all = rows.map(([project, name, type, state]) => ({
          project: project ?? '',
          name: name ?? '',
          type: type ?? '',
          state: JSON.parse(state ?? '{}') as MeteredInstance['state'],
        }));
        const metered = meteredProjects(call.actor);
        const shown = metered === null ? all : all.filter(({ project }) => metered.includes(project));
        return { kind: 'raw', contentType: 'text/plain; version=0.0.4; charset=utf-8', body: metricsText(shown) };
      },
    }),
  ];
}
