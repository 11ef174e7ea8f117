import type { DesiredNetwork } from '../model';
import type { DesiredRow, MakeRow } from './desired-row';
import { linkTo } from './keys';
import { networkNames } from './names';

/** Which hosts may carry the outer port, and in which order. */
export function chassisGroupRows(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  if (!network.uplink) return [];
  const members = network.uplink.chassis.map(({ name, priority }) => {
    return make('HA_Chassis', 'chassis', { chassis_name: name, priority }, { id: name, links: [linkTo.chassis(network.id)] });
  });
  return [make('HA_Chassis_Group', 'chassis-group', { name: networkNames(network.number).chassisGroup }), ...members];
}
