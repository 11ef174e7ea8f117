import { isTrue, WeftError } from '@weft/contracts';
import { contains, parseAddress, parseList, parseRange, parseSubnet, includes, hostSubnet } from './ip-address';
import { networkSubnets } from './network.settle';

interface UplinkUser {
  name: string;
  config: Readonly<Record<string, string>>;
}

/** An uplink's new configuration must still hold what routers on it have. @throws WeftError `network.in-use` */
export function checkUplinkUsers(config: Readonly<Record<string, string>>, users: readonly UplinkUser[]): void {
  for (const user of users) {
    for (const family of [4, 6] as const) {
      const address = parseAddress(user.config[`volatile.network.ipv${family}.address`] ?? '');
      const ranges = parseList(config[`ipv${family}.ovn.ranges`], parseRange) ?? [];
      if (address && !ranges.some((range) => contains(range, address))) refuse(`ipv${family}.ovn.ranges`, user.name);
      const routes = parseList(config[`ipv${family}.routes`], parseSubnet) ?? [];
      const nat = parseAddress(user.config[`ipv${family}.nat.address`] ?? '');
      const announced = networkSubnets(user.config).filter((subnet) => subnet.family === family && !isTrue(user.config[`ipv${family}.nat`]));
      const needed = [...announced, ...(nat ? [hostSubnet(nat)] : [])];
      if (needed.some((subnet) => !routes.some((route) => includes(route, subnet)))) refuse(`ipv${family}.routes`, user.name);
    }
  }
}

function refuse(key: string, user: string): never {
  throw new WeftError('network.in-use', `Cannot change "${key}": network "${user}" has an address that would not lie in it any more`);
}
