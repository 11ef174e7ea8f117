import type { Meta } from '@weft/contracts';
import { serviceMeta as metaOf } from '@weft/service';

/** The service's name, and whom its own work names as actor. */
export const SERVICE = 'instance-svc';

/** Meta of work that the service does on its own: sagas, reconcilers. */
export const serviceMeta = (project: string, correlationId: string, commandId: string, causationId?: string): Meta =>
  metaOf(SERVICE, project, correlationId, commandId, causationId);
