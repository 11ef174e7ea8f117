import { WeftError, type Devices, type InstanceSpec } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { canonicalJson } from '../domain/canonical-json';
import { rootDisk, rootDisks } from '../domain/device-types';

/**
 * For a unit of work that changes a profile: whoever has it must still end up with exactly one root disk, or nothing
 * could start it again. Looks at the rows that the same transaction has just expanded; costs nothing while the
 * profile's root disks stay as they are.
 * @throws WeftError `device.invalid` when the transaction runs
 */
export function enforceRootDiskOfUsers(uow: UnitOfWork, profileId: string, before: Readonly<Devices>, after: Readonly<Devices>): void {
  if (canonicalJson(rootDisks(before)) === canonicalJson(rootDisks(after))) return;
  uow.inTransaction(async (client) => {
    const { rows } = await client.query<{ name: string; spec: string }>(
      'SELECT i.name, i.spec FROM instance i JOIN instance_profile u ON u.instance_id = i.id WHERE u.profile_id = $1 ORDER BY i.project, i.name',
      [profileId],
    );
    for (const { name, spec } of rows) checkRoot(name, (JSON.parse(spec) as InstanceSpec).devices);
  });
}

function checkRoot(name: string, devices: Readonly<Devices>): void {
  try {
    rootDisk(devices);
  } catch (error) {
    const reason = (error as Error).message;
    throw new WeftError('device.invalid', `At least one instance relies on this profile's root disk device: ${name}. ${reason}`, { cause: error });
  }
}
