import { type Cgroups, lastInitExit } from '@weft/lxc';
import type { ContainerRecord } from '../../storage/container-record';
import { hostBootId } from '../host-boot';
import { containerGroup } from './container-config';

export type End = NonNullable<ContainerRecord['end']>;

/**
 * Why a container that was started does not run: what was found out before, or the host restarted, or the monitor was
 * killed (it removes the container's group otherwise), or liblxc's log tells how init ended.
 */
export async function endOf(instanceId: string, record: ContainerRecord, cgroups: Cgroups, log: string): Promise<End> {
  if (record.end) return record.end;
  if (record.bootId !== (await hostBootId())) return { status: 'stopped', reason: 'the host restarted' };
  const end = lastInitExit(log);
  switch (end.kind) {
    case 'halt':
      return (await cgroups.exists(containerGroup(instanceId)))
        ? { status: 'crashed', reason: 'its monitor was killed' }
        : { status: 'stopped', reason: 'guest' };
    case 'signal':
      return { status: 'crashed', reason: `init was killed by signal ${end.signal}` };
    case 'error':
      return { status: 'crashed', reason: `init ended with code ${end.code}` };
    default:
      return end satisfies never;
  }
}
