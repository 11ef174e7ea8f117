import { networkAclPatch, networkAclPut, networkAclsPost, renamePost, WeftError } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import { aclLogText } from '../domain/acl-log';
import { namedProjects } from '../domain/used-by';
import type { Row } from '../clients/read.client';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import type { Collection } from '../queries/list.query';
import { ownProject, requireProject } from '../queries/project-scope';
import { changeScope, findObject, listOf, objectView } from '../queries/network-scope';

const ACLS: Collection = { view: 'network.network_acl_v1', path: ['network-acls'], key: 'name', projects: true, columns: { name: 'name' } };
const OBJECT = objectView(ACLS.view, ['project', 'name']);

const ALL = '/1.0/network-acls';
const ACL = `${ALL}/:acl`;

export const networkAclRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...objectRoutes(deps), logRoute(deps)];

async function findAcl({ reads }: Deps, call: Call): Promise<Row> {
  const row = await findObject(reads, OBJECT, [call.project, call.params.acl], namedProjects(call.actor));
  if (!row) throw new WeftError('network-acl.not-found', 'Network ACL not found');
  return row;
}

function collectionRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: ALL, summary, access: 'project' as const });
  return [
    route({
      ...define('GET', 'List network ACLs'),
      handle: async (call) => {
        await requireProject(reads, call.project);
        return sync(await listOf(reads, call, ACLS, ownProject(call.project)));
      },
    }),
    route({
      ...define('POST', 'Create a network ACL'),
      body: networkAclsPost,
      handle: async (call) => {
        const { project } = await changeScope(reads, call);
        await commands.network('network-acl.create', call.body, call.meta());
        return created(resourceUrl(['network-acls', call.body.name], project));
      },
    }),
  ];
}

function objectRoutes(deps: Deps): Route[] {
  const { reads, commands } = deps;
  const define = (method: Method, summary: string) => ({ method, path: ACL, summary, access: 'project' as const });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await changeScope(reads, call);
    await commands.network('network-acl.update', { ...call.body, mode, name: call.params.acl, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'A network ACL'),
      handle: async (call) => {
        const row = await findAcl(deps, call);
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace a network ACL'), body: networkAclPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a network ACL'), body: networkAclPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('POST', 'Rename a network ACL'),
      body: renamePost,
      handle: async (call) => {
        const { project } = await changeScope(reads, call);
        await commands.network('network-acl.rename', { name: call.params.acl, newName: call.body.name }, call.meta());
        return created(resourceUrl(['network-acls', call.body.name], project));
      },
    }),
    route({
      ...define('DELETE', 'Delete a network ACL'),
      handle: async (call) => {
        await changeScope(reads, call);
        await commands.network('network-acl.delete', { name: call.params.acl }, call.meta());
        return empty;
      },
    }),
  ];
}

/** Members that do not answer are left out, as a log that is lost is. */
function logRoute(deps: Deps): Route {
  const linesOf = (member: string, prefix: string, call: Call): Promise<string[]> =>
    deps.commands.ask<{ lines: string[] }, 'acl.log'>(member, 'acl.log', { prefix }, call.meta()).then(
      ({ lines }) => lines,
      (error: unknown) => {
        if (error instanceof WeftError) return [];
        throw error;
      },
    );
  return route({
    method: 'GET',
    path: `${ACL}/log`,
    summary: 'Packets that logged rules of a network ACL have matched',
    access: 'project',
    handle: async (call) => {
      await findAcl(deps, call);
      const { prefix } = await deps.commands.network<{ prefix: string }>('network-acl.log-prefix', { name: call.params.acl }, call.meta());
      const lines = await Promise.all(deps.members.members().map(({ member }) => linesOf(member, prefix, call)));
      return { kind: 'raw', contentType: 'application/octet-stream', body: aclLogText(lines.flat()) };
    },
  });
}
