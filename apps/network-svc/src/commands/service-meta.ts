import type { Meta } from '@weft/contracts';
import { serviceMeta as metaOf } from '@weft/service';

/** The service's name, and whom its own work names as actor. */
export const SERVICE = 'network-svc';

/** Meta of work that the service does on its own: bootstrap, reconcilers. */
export const serviceMeta = (project: string, commandId: string): Meta => metaOf(SERVICE, project, commandId, commandId);
