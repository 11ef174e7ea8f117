import { checkZones } from '../commands/check-zones';
import { createRecord } from '../commands/create-record';
import { createZone } from '../commands/create-zone';
import { deleteRecord } from '../commands/delete-record';
import { deleteZone } from '../commands/delete-zone';
import { projectUsage } from '../commands/project-usage';
import { updateRecord } from '../commands/update-record';
import { updateZone } from '../commands/update-zone';
import type { HandlerMap } from './command-handler';

/** Every command of the service; schemas are in `libs/contracts/src/dns.commands.ts`. */
export const handlers: HandlerMap = {
  'zone.create': createZone,
  'zone.update': updateZone,
  'zone.delete': deleteZone,
  'zone.check': checkZones,
  'zone.project-usage': projectUsage,
  'zone-record.create': createRecord,
  'zone-record.update': updateRecord,
  'zone-record.delete': deleteRecord,
};
