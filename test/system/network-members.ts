/** A network of which each host has a part of its own, told of host by host and then made (`lxc network create --target`). */
import type { networkWorld } from './network-world';

const HOSTS = ['host1', 'host2', 'host3'] as const;

export function networkMembers({ ok, refused, inNamespace, nbctl }: ReturnType<typeof networkWorld>): void {
  const status = async () => JSON.parse(await ok('query', '/1.0/networks/OWN')) as { status: string; locations: string[]; config: Record<string, string> };

  const wire = (host: string, name: string) => inNamespace(host, 'ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-end`);

  it('is pending until each host has told of its part, and then leads there from every host', async () => {
    for (const host of HOSTS) await wire(host, `to-${host}`);
    for (const host of HOSTS.slice(0, 2))
      expect(await ok('network', 'create', 'OWN', '--type=physical', `parent=to-${host}`, '--target', host)).toContain(`Network OWN pending on member ${host}`);
    expect(await ok('network', 'list')).toMatch(/OWN .*physical.*PENDING/);
    expect((await status()).locations).toEqual(['host1', 'host2']);
    expect(await refused('network', 'create', 'OWN', '--type=physical', 'parent=to-host2', '--target', 'host2')).toContain('already defined on member "host2"');
    expect(await refused('network', 'create', 'OWN', '--type=physical')).toContain('Network not defined on nodes: host3');
    await ok('network', 'create', 'OWN', '--type=physical', 'parent=nowhere', '--target', 'host3');
    expect(await refused('network', 'create', 'OWN', '--type=physical', 'ipv4.gateway=192.0.2.1/24', 'ipv4.ovn.ranges=192.0.2.100-192.0.2.109')).toContain(
      'host3',
    );
    expect((await status()).status).toBe('Errored');
    await inNamespace('host3', 'ip', 'link', 'set', 'to-host3', 'name', 'nowhere');
    expect(await ok('network', 'create', 'OWN', '--type=physical')).toContain('Network OWN created');
    expect(await status()).toMatchObject({ status: 'Created', locations: [...HOSTS], config: { 'ipv4.gateway': '192.0.2.1/24' } });
    expect((await status()).config).not.toHaveProperty('parent');
    expect((await ok('network', 'get', 'OWN', 'parent', '--target', 'host1')).trim()).toBe('to-host1');
    await ok('network', 'create', 'behind', '--type=ovn', 'network=OWN', 'ipv4.address=10.66.0.1/24', 'ipv6.address=none');
    expect(await nbctl('--bare', '--columns=options', 'find', 'Logical_Switch_Port', 'options:network_name=OWN')).toContain('network_name=OWN');
  });

  it('is changed for one host, and deleted', async () => {
    expect(await refused('network', 'set', 'OWN', 'parent=to-host1', '--target', 'host1', 'vlan=3')).toContain('"vlan" may not be used');
    expect(await refused('network', 'set', 'OWN', 'parent=lo', '--target', 'host1')).toContain('in use');
    await ok('network', 'delete', 'behind');
    await wire('host1', 'other');
    await ok('network', 'set', 'OWN', 'parent=other', '--target', 'host1');
    expect((await ok('network', 'get', 'OWN', 'parent', '--target', 'host1')).trim()).toBe('other');
    await ok('network', 'delete', 'OWN');
    expect(await refused('network', 'create', 'OWN', '--type=ovn', '--target', 'host1')).toContain('does not support member specific config');
    await ok('network', 'create', 'OWN', '--type=physical', 'parent=other', '--target', 'host1');
    await ok('network', 'delete', 'OWN');
    expect(await ok('network', 'list')).not.toContain('OWN');
  });
}
