import { chooseSubnet, keyOf, overlaps, planNetwork } from './network-plan';

describe('the network plan', () => {
  it('takes a subnet that no route overlaps, the same one each time', () => {
    expect(chooseSubnet('000000', ['default', '10.0.0.0/8'])).toBe('198.18.0.0/23');
    expect(chooseSubnet('000000', ['198.18.1.7', '198.18.2.0/24'])).toBe('198.18.4.0/23');
    expect(chooseSubnet('0000ff', [])).toBe('198.19.254.0/23');
    expect(chooseSubnet('0000ff', ['198.19.254.0/23'])).toBe('198.18.0.0/23');
    expect(chooseSubnet('000000', ['198.18.0.0/15'])).toBeUndefined();
    expect(overlaps('198.18.4.0/23', ['0.0.0.0/0', '198.18.6.0/24', '198.18.5.255'])).toBe(true);
    expect(overlaps('198.18.4.0/23', ['0.0.0.0/0', '198.18.6.0/24'])).toBe(false);
  });

  it('gives every member its own names and addresses, within the limits of the kernel', () => {
    const names = Array.from({ length: 64 }, (_, index) => `host${index + 1}`);
    const plan = planNetwork(keyOf('/var/lib/weft'), '198.18.4.0/23', names);
    expect(plan.machineLink.length).toBeLessThan(16);
    expect(plan.uplink).toMatchObject({ gateway: '198.18.5.1', subnet: '198.18.5.0/24', routes: '198.18.5.64/26' });
    expect(planNetwork('0a000f', '198.18.4.0/23', []).ipv6).toMatchObject({ prefix: 'fd0a:f:5765::/48', uplink: { gateway: 'fd0a:f:5765:1::1' } });
    expect(plan.members[0]).toEqual({ name: 'host1', namespace: `weft-${plan.key}-host1`, address: '198.18.4.11', tunnelAddress: '198.18.4.139', number: 1 });
    const addresses = plan.members.flatMap(({ address, tunnelAddress }) => [address, tunnelAddress]);
    expect(new Set([...addresses, plan.machineAddress, plan.routerAddress]).size).toBe(130);
  });
});
