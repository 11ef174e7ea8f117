import { projectPatch, projectPut, projectsPost, renamePost, WeftError } from '@weft/contracts';
import { canSeeProject, visibleProjects } from '../domain/policy';
import { projectState } from '../domain/project-state';
import { resourceUrl } from '../domain/resource-url';
import type { Row } from '../clients/read.client';
import type { Deps } from '../gateway.deps';
import { created, empty, sync, syncValue, started } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import { EVERYTHING, listJson, recursionOf, type Collection } from '../queries/list.query';

const COLLECTION: Collection = { view: 'instance.project_v1', path: ['projects'], key: 'name', projects: false, columns: { name: 'name' } };
const GET = { name: 'project', sql: 'select doc, etag from instance.project_v1 where name = $1' };
const USAGE = {
  name: 'project-usage',
  sql: `select type, doc::jsonb -> 'expanded_config' ->> 'limits.cpu', doc::jsonb -> 'expanded_config' ->> 'limits.memory',
               doc::jsonb -> 'expanded_config' ->> 'limits.processes' from instance.instance_v1 where project = $1`,
};
const PATH = '/1.0/projects/:name';

export const projectRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...readRoutes(deps), ...writeRoutes(deps)];

function collectionRoutes({ reads, commands }: Deps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/1.0/projects',
      summary: 'List projects',
      access: 'trusted',
      handle: async (call) => {
        const visible = visibleProjects(call.actor);
        const scope = visible === null ? EVERYTHING : { sql: 'name = any($1::text[])', parameters: [[...visible]] };
        return sync(await listJson(reads, COLLECTION, scope, recursionOf(call.query), call.query.filter));
      },
    }),
    route({
      method: 'POST',
      path: '/1.0/projects',
      summary: 'Create a project',
      access: 'admin',
      body: projectsPost,
      handle: async (call) => {
        await commands.send('project.create', call.body, call.meta());
        return created(resourceUrl(['projects', call.body.name]));
      },
    }),
  ];
}

function readRoutes({ reads }: Deps): Route[] {
  const read = async (call: Call): Promise<Row> => {
    const name = call.params.name ?? '';
    if (!canSeeProject(call.actor, name)) throw new WeftError('auth.forbidden', 'not authorized');
    const row = await reads.row(GET, [name]);
    if (!row) throw new WeftError('project.not-found', 'Project not found');
    return row;
  };
  return [
    route({
      method: 'GET',
      path: PATH,
      summary: 'A project',
      access: 'trusted',
      handle: async (call) => {
        const row = await read(call);
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({
      method: 'GET',
      path: `${PATH}/state`,
      summary: 'What a project uses of its limits',
      access: 'trusted',
      handle: async (call) => {
        const row = await read(call);
        const usage = await reads.rows(USAGE, [call.params.name], 'list');
        const { config } = JSON.parse(row[0] ?? '{}') as { config?: Record<string, string> };
        const instances = usage.map(([type, cpu, memory, processes]) => ({ type, cpu, memory, processes }));
        return syncValue(projectState(config ?? {}, instances));
      },
    }),
  ];
}

function writeRoutes({ commands }: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: PATH, summary, access: 'admin' as const });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await commands.send('project.update', { ...call.body, mode, name: call.params.name, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({ ...define('PUT', 'Replace a project'), body: projectPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a project'), body: projectPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('POST', 'Rename a project'),
      body: renamePost,
      handle: async (call) => started(await commands.start('project.rename', { name: call.params.name ?? '', newName: call.body.name }, call.meta()), call),
    }),
    route({
      ...define('DELETE', 'Delete a project'),
      handle: async (call) => {
        await commands.send('project.delete', { name: call.params.name }, call.meta());
        return empty;
      },
    }),
  ];
}
