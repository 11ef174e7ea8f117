/** Collections that exist in the API and are empty until the service that fills them arrives. */
import { WeftError } from '@weft/contracts';
import { sync } from '../http/reply';
import { route, type Route } from '../http/route';

const COLLECTIONS = [{ path: '/1.0/warnings', missing: 'Warning not found' }] as const;

export const emptyRoutes = (): Route[] =>
  COLLECTIONS.flatMap(({ path, missing }) => [
    route({ method: 'GET', path, summary: 'An empty list', access: 'trusted', handle: () => sync('[]') }),
    route({
      method: 'GET',
      path: `${path}/:name`,
      summary: 'Nothing is there yet',
      access: 'trusted',
      handle: () => {
        throw new WeftError('request.not-found', missing);
      },
    }),
  ]);
