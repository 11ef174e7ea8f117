/** Every route of the API, by noun. The order does not matter: Fastify prefers the more exact path. */
import { openApi } from '../domain/openapi';
import type { Deps } from '../gateway.deps';
import type { Reply } from '../http/reply';
import { route, type Route } from '../http/route';
import { certificateRoutes } from './certificate.routes';
import { clusterGroupRoutes } from './cluster-group.routes';
import { clusterRoutes } from './cluster.routes';
import { emptyRoutes } from './empty.routes';
import { eventRoutes } from './event.routes';
import { imageAliasRoutes } from './image-alias.routes';
import { imageRoutes } from './image.routes';
import { instanceFileRoutes } from './instance-file.routes';
import { instanceLogRoutes } from './instance-log.routes';
import { instanceRoutes } from './instance.routes';
import { instanceSessionRoutes } from './instance-session.routes';
import { instanceStateRoutes } from './instance-state.routes';
import { metricsRoutes } from './metrics.routes';
import { networkAclRoutes } from './network-acl.routes';
import { networkForwardRoutes } from './network-forward.routes';
import { networkPeerGroupRoutes } from './network-peer-group.routes';
import { networkPeerRoutes } from './network-peer.routes';
import { networkRoutes } from './network.routes';
import { networkZoneHistoryRoutes } from './network-zone-history.routes';
import { networkZoneRecordRoutes } from './network-zone-record.routes';
import { networkZoneRoutes } from './network-zone.routes';
import { operationRoutes } from './operation.routes';
import { profileRoutes } from './profile.routes';
import { projectRoutes } from './project.routes';
import { serverRoutes } from './server.routes';
import { snapshotRoutes } from './snapshot.routes';
import { storageRoutes } from './storage.routes';

export function allRoutes(deps: Deps): Route[] {
  const routes = [
    ...serverRoutes(deps),
    ...certificateRoutes(deps),
    ...eventRoutes(),
    ...imageRoutes(deps),
    ...imageAliasRoutes(deps),
    ...instanceRoutes(deps),
    ...instanceStateRoutes(deps),
    ...snapshotRoutes(deps),
    ...instanceSessionRoutes(deps),
    ...instanceFileRoutes(deps),
    ...instanceLogRoutes(deps),
    ...networkZoneRoutes(deps),
    ...networkZoneRecordRoutes(deps),
    ...networkZoneHistoryRoutes(deps),
    ...operationRoutes(deps),
    ...profileRoutes(deps),
    ...projectRoutes(deps),
    ...storageRoutes(deps),
    ...networkRoutes(deps),
    ...networkAclRoutes(deps),
    ...networkForwardRoutes(deps),
    ...networkPeerRoutes(deps),
    ...networkPeerGroupRoutes(deps),
    ...clusterRoutes(deps),
    ...clusterGroupRoutes(deps),
    ...metricsRoutes(deps),
    ...emptyRoutes(),
  ];
  let description: string | undefined;
  const describe: Route = route({
    method: 'GET',
    path: '/1.0/openapi.json',
    summary: 'This description',
    access: 'public',
    handle: (): Reply => ({ kind: 'raw', contentType: 'application/json', body: (description ??= JSON.stringify(openApi([...routes, describe]))) }),
  });
  return [...routes, describe];
}
