/** Members as LXD's cluster, which exists as soon as there is more than one of them. */
import { WeftError } from '@weft/contracts';
import type { Deps } from '../gateway.deps';
import { sync, syncValue } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { EVERYTHING, listJson, recursionOf, type Collection } from '../queries/list.query';

const MEMBERS: Collection = {
  view: 'instance.member_v1',
  path: ['cluster', 'members'],
  key: 'name',
  projects: false,
  columns: { name: 'name', server_name: 'name' },
};
const COUNT = { name: 'member-count', sql: 'select count(*) from instance.member_v1' };
const GET = { name: 'member', sql: 'select doc from instance.member_v1 where name = $1' };
const RESOURCES = {
  name: 'member-resources',
  sql: `select name, resources_doc from instance.member_v1 where name = $1 or $1 = '' order by online desc, name limit 1`,
};

export function clusterRoutes({ reads, commands, config, logger }: Deps): Route[] {
  const isCluster = async (): Promise<boolean> => Number((await reads.row(COUNT))?.[0] ?? 0) > 1;
  const resources = async (call: Call) => {
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
      method: 'GET',
      path: '/1.0/cluster/members/:name',
      summary: 'A member',
      access: 'trusted',
      handle: async (call) => {
        const row = await reads.row(GET, [call.params.name]);
        if (!row) throw new WeftError('member.not-found', 'Cluster member not found');
        return sync(row[0] ?? 'null');
      },
    }),
    route({ method: 'GET', path: '/1.0/resources', summary: 'Hardware of a member', access: 'trusted', handle: resources }),
  ];
}
