import { WeftError } from '@weft/contracts';
import { route, type Route } from '../http/route';

/** The websocket itself is in sockets/event.socket.ts; this answers who comes without one. */
export const eventRoutes = (): Route[] => [
  route({
    method: 'GET',
    path: '/1.0/events',
    summary: 'Events as they happen (websocket)',
    access: 'trusted',
    handle: () => {
      throw new WeftError('request.invalid', 'This address wants a websocket');
    },
  }),
];
