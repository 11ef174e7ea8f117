/** API extension `network_zone_history`: what a zone served and when, what changed and why, and who was refused it. */
import { WeftError } from '@weft/contracts';
import type { Deps } from '../gateway.deps';
import { sync, syncValue } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { zoneFile } from '../domain/zone-file';
import { changeAt, contentAt, differenceOf, refusalsOf, type ZonePoint } from '../queries/network-zone-history.query';
import { findZone, ZONE } from './network-zone.routes';

export const networkZoneHistoryRoutes = (deps: Deps): Route[] => {
  const { reads } = deps;
  const define = (path: string, summary: string) => ({ method: 'GET' as const, path: `${ZONE}${path}`, summary, access: 'project' as const });
  const pointOf = async (call: Call, serial = call.query.serial): Promise<ZonePoint> => {
    await findZone(deps, call);
    return changeAt(reads, call.project, call.params.zone ?? '', { serial, at: call.query.at });
  };
  return [
    route({
      ...define('/content', 'What a zone serves, or served at ?serial= or ?at='),
      handle: async (call) => {
        const { serial, at, primary, contact, ...point } = await pointOf(call);
        const records = await contentAt(reads, point);
        return sync(`${JSON.stringify({ serial, at, primary, contact }).slice(0, -1)},"records":${records}}`);
      },
    }),
    route({
      ...define('/diff', 'What changed between ?from= and ?to= (serials)'),
      handle: async (call) => {
        if (call.query.from === undefined) throw new WeftError('request.invalid', 'Which serial is the difference from? Add ?from=<serial>');
        const [from, to] = [await pointOf(call, call.query.from), await pointOf(call, call.query.to)];
        if (from.change > to.change) throw new WeftError('request.invalid', `Serial ${from.serial} is newer than serial ${to.serial}: exchange from and to`);
        return sync(await differenceOf(reads, from, to));
      },
    }),
    route({
      ...define('/export', 'A zone as a zone file (RFC 1035), also as of ?serial= or ?at='),
      handle: async (call) => {
        const point = await pointOf(call);
        const text = zoneFile(point, JSON.parse(await contentAt(reads, point)) as Parameters<typeof zoneFile>[1]);
        const wantsFile = call.headers.accept?.includes('text/dns') ?? false;
        return wantsFile ? { kind: 'raw', contentType: 'text/dns', body: text } : syncValue(text);
      },
    }),
    route({
      ...define('/refusals', 'Requests that were refused, and what to do about each'),
      handle: async (call) => {
        await findZone(deps, call);
        return sync(await refusalsOf(reads, call.project, call.params.zone ?? ''));
      },
    }),
  ];
};
