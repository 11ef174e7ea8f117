/**
 * Instances under their three names: /1.0/instances, and LXD's older /1.0/containers and /1.0/virtual-machines,
 * which show one type only.
 */
import { z } from 'zod';
import { instancePatch, instancePost, instancePut, instancesPost, instancesPut, instanceSource, instanceType, WeftError } from '@weft/contracts';
import type { ReadClient } from '../clients/read.client';
import type { Deps } from '../gateway.deps';
import { validate } from '../http/body';
import { empty, sync, syncValue, started, type Reply } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import { GET_INSTANCE, GET_INSTANCE_FULL, instanceNotFound, INSTANCES } from '../queries/instance.query';
import { ListCache } from '../queries/list-cache';
import { requireSuccess } from '../queries/operation-wait';
import { listJson, listQuery, recursionOf, type Scope } from '../queries/list.query';
import { receiveFromServer, sendToServer } from './instance-migration';
import { allProjects, ownProject } from '../queries/project-scope';

/** The three collections and the type that each is limited to. */
export const INSTANCE_COLLECTIONS = [
  { path: 'instances', type: undefined },
  { path: 'containers', type: 'container' },
  { path: 'virtual-machines', type: 'virtual-machine' },
] as const;
type InstanceCollection = (typeof INSTANCE_COLLECTIONS)[number];

/** The same route below each collection; `build` gets the URL prefix. */
export const underEachCollection = (build: (prefix: string) => Route[]): Route[] => INSTANCE_COLLECTIONS.flatMap(({ path }) => build(`/1.0/${path}/:name`));

/** What opens the other server's channels stays here: no service needs it, and no log shall have it. */
const instanceBody = instancesPost.transform(({ source, ...rest }) => ({
  ...rest,
  source: validate(instanceSource, source),
  peer: { operation: source.operation, secrets: source.secrets, certificate: source.certificate },
}));

export function instanceRoutes(deps: Deps): Route[] {
  const lists = new ListCache(deps.reads);
  return [
    ...INSTANCE_COLLECTIONS.flatMap((collection) => collectionRoutes(deps, lists, collection)),
    ...underEachCollection((prefix) => objectRoutes(deps, prefix)),
  ];
}

const limited = (scope: Scope, type: string | undefined): Scope =>
  type === undefined ? scope : { sql: `(${scope.sql}) and type = $${scope.parameters.length + 1}`, parameters: [...scope.parameters, type] };

/** What is asked again and again is kept while it is true; filters are each their own. */
async function list(reads: ReadClient, lists: ListCache, path: string, scope: Scope, { query }: Call): Promise<Reply> {
  const collection = { ...INSTANCES, path: [path] };
  const recursion = recursionOf(query);
  const { statement, parameters } = listQuery(collection, scope, recursion, query.filter);
  const { name, sql } = statement;
  if (recursion === 0 || name === undefined) return sync(await listJson(reads, collection, scope, recursion, query.filter));
  return { kind: 'raw', contentType: 'application/json', body: await lists.reply({ name, sql }, parameters) };
}

function collectionRoutes(deps: Deps, lists: ListCache, { path, type }: InstanceCollection): Route[] {
  const { reads, commands } = deps;
  return [
    route({
      method: 'GET',
      path: `/1.0/${path}`,
      summary: 'List instances',
      access: 'trusted',
      handle: (call) => {
        if (call.query['all-projects'] === 'true') {
          if (call.query.project !== undefined) throw new WeftError('request.invalid', "Can't specify a project when requesting all projects");
          return list(reads, lists, path, limited(allProjects(call.actor), type), call);
        }
        requireOwnProject(call);
        return list(reads, lists, path, limited(ownProject(call.project), type), call);
      },
    }),
    route({
      method: 'POST',
      path: `/1.0/${path}`,
      summary: 'Create an instance',
      access: 'project',
      body: instanceBody,
      handle: async (call) => {
        const { peer, ...content } = call.body;
        const wanted = type ?? content.type;
        const body = {
          ...content,
          type: wanted === '' ? ('' as const) : validate(z.object({ type: instanceType }), { type: wanted }).type,
          target: call.query.target === 'none' ? '' : (call.query.target ?? ''),
        };
        if (body.source.type === 'copy' && body.source.project !== undefined) requireProjectOf(call, body.source.project);
        const create = () => commands.start('instance.create', body, call.meta());
        return body.source.type === 'migration' ? receiveFromServer(deps, call, body.source.mode, peer, create) : started(await create(), call);
      },
    }),
    route({
      method: 'PUT',
      path: `/1.0/${path}`,
      summary: 'Change the state of every instance of a project',
      access: 'project',
      body: instancesPut,
      handle: async (call) => started(await commands.start('instances.set-state', call.body.state, call.meta()), call),
    }),
  ];
}

function requireOwnProject(call: Call): void {
  requireProjectOf(call, call.project);
}

function requireProjectOf(call: Call, project: string): void {
  const { projects } = call.actor;
  if (projects !== null && !projects.includes(project)) throw new WeftError('auth.forbidden', 'not authorized');
}

function objectRoutes(deps: Deps, path: string): Route[] {
  const { reads, commands } = deps;
  const get = async (call: Call): Promise<Reply> => {
    const full = call.query.recursion === '1' || call.query.recursion === '2';
    const row = await reads.row(full ? GET_INSTANCE_FULL : GET_INSTANCE, [call.project, call.params.name]);
    if (!row) throw instanceNotFound();
    return sync(row[0] ?? 'null', row[1] ?? undefined);
  };
  const replace = async (call: Call<z.output<typeof instancePut>>): Promise<Reply> => {
    const { restore, stateful, ...content } = call.body;
    const name = call.params.name ?? '';
    if (restore === '') return started(await commands.start('instance.update', { name, ifMatch: call.ifMatch, ...content }, call.meta()), call);
    // "s0", or "c1/s0" as the stock client writes it.
    const snapshot = restore.slice(restore.indexOf('/') + 1);
    return started(await commands.start('instance.restore', { name, snapshot, stateful }, call.meta()), call);
  };
  const define = (method: Method, summary: string) => ({ method, path, summary, access: 'project' as const });
  return [
    route({ ...define('GET', 'An instance; recursion=1 adds state and snapshots'), handle: get }),
    route({ ...define('PUT', 'Replace the configuration of an instance, or restore a snapshot'), body: instancePut, handle: replace }),
    route({
      ...define('PATCH', 'Change parts of the configuration of an instance'),
      body: instancePatch,
      handle: async (call) => {
        const body = { name: call.params.name, ifMatch: call.ifMatch, ...call.body };
        const { operationId } = await commands.send<{ operationId: string }>('instance.patch', body, call.meta());
        await requireSuccess(deps, operationId, call);
        return empty;
      },
    }),
    route({
      ...define('POST', 'Rename an instance, or move it to another member or server'),
      body: instancePost,
      handle: async (call) => {
        const { name, migration, live, pool, project } = call.body;
        const { target } = call.query;
        if (migration && target !== undefined && target !== '' && pool === '' && project === '') {
          const move = { name: call.params.name ?? '', target, newName: name, live: live ?? true };
          return started(await commands.start('instance.migrate', move, call.meta()), call);
        }
        if (migration && pool === '' && project === '') return sendToServer(deps, call, { name: call.params.name ?? '', snapshot: '' }, call.body);
        if (migration || pool !== '' || project !== '')
          throw new WeftError('request.unsupported', 'This server cannot move instances between pools or projects yet');
        return started(await commands.start('instance.rename', { name: call.params.name ?? '', newName: name }, call.meta()), call);
      },
    }),
    route({
      ...define('POST', 'What a move to another member would do (extension instance_migration_plan)'),
      path: `${path}/migration-plan`,
      body: z.object({ target: z.string().max(255).default(''), live: z.boolean().default(true) }),
      handle: async (call) => syncValue(await commands.send('instance.migration-plan', { name: call.params.name ?? '', ...call.body }, call.meta())),
    }),
    route({
      ...define('DELETE', 'Delete an instance'),
      handle: async (call) => started(await commands.start('instance.delete', { name: call.params.name ?? '' }, call.meta()), call),
    }),
  ];
}
