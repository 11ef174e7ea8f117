/** Members as LXD's cluster, which exists as soon as there is more than one of them. */
import { clusterMembersPost, clusterMemberPatch, clusterMemberPost, clusterMemberPut, clusterMemberStatePost, WeftError } from '@weft/contracts';
import type { Deps } from '../gateway.deps';
import { empty, started, sync, syncValue } from '../http/reply';
import { route, type Access, type Call, type Method, type Route } from '../http/route';
import { EVERYTHING, listJson, recursionOf, type Collection } from '../queries/list.query';
import { serverAddresses } from './server.routes';

const MEMBERS: Collection = {
  view: 'instance.member_v1',
  path: ['cluster', 'members'],
  key: 'name',
  projects: false,
  columns: { name: 'name', server_name: 'name' },
};
const COUNT = { name: 'member-count', sql: 'select count(*) from instance.member_v1' };
const GET = { name: 'member', sql: 'select doc, etag from instance.member_v1 where name = $1' };
const RESOURCES = {
  name: 'member-resources',
  sql: `select name, resources_doc from instance.member_v1 where name = $1 or $1 = '' order by online desc, name limit 1`,
};

export const clusterRoutes = (deps: Deps): Route[] => [...clusterItself(deps), ...memberRoutes(deps), resourcesRoute(deps)];

function clusterItself(deps: Deps): Route[] {
  const { reads, config, commands, certificate } = deps;
  const isCluster = async (): Promise<boolean> => Number((await reads.row(COUNT))?.[0] ?? 0) > 1;
  return [
    route({
      method: 'GET',
      path: '/1.0/cluster',
      summary: 'Whether there is more than one member',
      access: 'trusted',
      handle: async () => {
        const enabled = await isCluster();
        return syncValue({ server_name: enabled ? config.serverName : '', enabled, member_config: [] });
      },
    }),
    route({
      method: 'GET',
      path: '/1.0/cluster/members',
      summary: 'List members',
      access: 'trusted',
      handle: async (call) => {
        if (!(await isCluster())) throw new WeftError('request.invalid', 'Server is not clustered');
        return sync(await listJson(reads, MEMBERS, EVERYTHING, recursionOf(call.query), call.query.filter));
      },
    }),
    route({
      method: 'POST',
      path: '/1.0/cluster/members',
      summary: 'Ask for a token with which a host joins',
      access: 'admin',
      body: clusterMembersPost,
      handle: async (call) => {
        const body = { name: call.body.server_name, serverFingerprint: certificate.fingerprint, addresses: serverAddresses(deps) };
        return started(await commands.start('member.invite', body, call.meta()), call);
      },
    }),
  ];
}

function memberRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string, access: Access = 'admin') => ({ method, path: '/1.0/cluster/members/:name', summary, access });
  const update = async (call: Call<{ failure_domain?: string }>, mode: 'replace' | 'merge') => {
    const { failure_domain: failureDomain, ...change } = call.body;
    await commands.send('member.update', { ...change, failureDomain, mode, name: call.params.name, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'A member', 'trusted'),
      handle: async (call) => {
        const row = await reads.row(GET, [call.params.name]);
        if (!row) throw new WeftError('member.not-found', 'Cluster member not found');
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace what is said of a member'), body: clusterMemberPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change what is said of a member'), body: clusterMemberPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('POST', 'Rename a member'),
      body: clusterMemberPost,
      handle: () =>
        Promise.reject(
          new WeftError(
            'request.unsupported',
            "A member's name is the identity of its host agent (WEFT_MEMBER): remove the member and add the host under another name",
          ),
        ),
    }),
    route({
      ...define('DELETE', 'Remove a member'),
      handle: async (call) => {
        await commands.send('member.remove', { name: call.params.name }, call.meta());
        return empty;
      },
    }),
    route({
      method: 'POST',
      path: '/1.0/cluster/members/:name/state',
      summary: 'Evacuate a member, or restore it',
      access: 'admin',
      body: clusterMemberStatePost,
      handle: async (call) => started(await commands.start('member.set-state', { ...call.body, name: call.params.name ?? '' }, call.meta()), call),
    }),
  ];
}

function resourcesRoute({ reads, commands, logger }: Deps): Route {
  const handle = async (call: Call) => {
    const target = call.query.target === undefined || call.query.target === 'none' ? '' : call.query.target;
    const row = await reads.row(RESOURCES, [target]);
    if (!row) throw new WeftError('member.not-found', 'Cluster member not found');
    try {
      return syncValue(await commands.ask<unknown, 'resources'>(row[0] ?? '', 'resources', {}, call.meta()));
    } catch (error) {
      if (row[1] === null) throw error;
      logger.debug({ err: error }, 'no live resources');
      return sync(row[1] ?? 'null');
    }
  };
  return route({ method: 'GET', path: '/1.0/resources', summary: 'Hardware of a member', access: 'trusted', handle });
}
