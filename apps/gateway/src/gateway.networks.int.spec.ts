/** Networks, ACLs, forwards, peers and peer groups: what clients read, and what reaches the network service. */
import { startRunningGateway, type RunningGateway } from './testing/running-gateway';

jest.setTimeout(60_000);

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startRunningGateway();
  const put = (table: string, ...values: unknown[]) =>
    gateway.db.client.query(`insert into ${table} values (${values.map((_value, at) => `$${at + 1}`).join(', ')}) on conflict do nothing`, values);
  const project = (name: string, config: Record<string, string>) =>
    put('instance.project_v1', name, JSON.stringify({ name, config, description: '', used_by: [] }), 'e');
  await project('own', { 'features.networks': 'true' });
  await project('guarded', { restricted: 'true', 'restricted.networks.access': 'blue' });
  const network = (owner: string, name: string, type = 'ovn') =>
    put(
      'network.network_v1',
      owner,
      name,
      type,
      JSON.stringify({ config: { network: 'UPLINK' }, description: '', name, type, used_by: [], managed: true, status: 'Created', locations: ['host1'] }),
      `etag-${name}`,
    );
  // The view itself shows the networks of `default` to projects without networks of their own.
  for (const owner of ['default', 'p1', 'guarded']) for (const name of ['blue', 'red']) await network(owner, name);
  await network('default', 'UPLINK', 'physical');
  const part = { config: { parent: 'eth1' }, description: '', name: 'UPLINK', type: 'physical', used_by: [], managed: true, status: 'Created', locations: [] };
  await put('network.network_member_v1', 'default', 'UPLINK', 'host1', JSON.stringify(part));
  await network('own', 'green');
  await put(
    'network.network_acl_v1',
    'default',
    'web',
    JSON.stringify({ name: 'web', description: '', egress: [], ingress: [], config: {}, used_by: [] }),
    'e',
  );
  await put(
    'network.network_forward_v1',
    'default',
    'blue',
    '192.0.2.9',
    JSON.stringify({ description: '', config: {}, ports: [], listen_address: '192.0.2.9', location: '' }),
    'e',
  );
  const peer = { description: '', config: {}, name: 'to-red', target_project: 'default', target_network: 'red', status: 'Created', used_by: [] };
  await put('network.network_peer_v1', 'default', 'blue', 'to-red', JSON.stringify(peer), 'peer-etag');
  await put('network.network_peer_group_v1', 'default', 'mesh', JSON.stringify({ name: 'mesh', networks: ['default/blue'] }), 'e');
  const lease = (owner: string, place: number, hostname: string) =>
    put(
      'network.network_lease_v1',
      owner,
      'blue',
      place,
      hostname,
      '10.0.0.1',
      JSON.stringify({ hostname, hwaddr: '', address: '10.0.0.1', type: 'static', location: '' }),
    );
  await lease('default', 2, 'a1');
  await lease('default', 1, 'blue.gw');
  await lease('p1', 2, 'c2');
});
afterAll(() => gateway.stop());
beforeEach(() => gateway.service.reset());

const ok = async (args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await gateway.lxc(args);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return stdout;
};
const last = () => gateway.service.received.at(-1)!;

it('shows networks to the stock client', async () => {
  expect(await ok(['network', 'list'])).toMatch(/blue.*ovn.*YES.*CREATED/);
  expect(await ok(['network', 'show', 'blue'])).toContain('network: UPLINK');
  expect(await ok(['network', 'peer', 'list', 'blue'])).toMatch(/to-red.*default\/red.*CREATED/);
  expect(await ok(['network', 'acl', 'show', 'web'])).toContain('name: web');
  expect(await ok(['network', 'forward', 'show', 'blue', '192.0.2.9'])).toContain('listen_address: 192.0.2.9');
});

it('shows the networks and leases of the project', async () => {
  const names = async (query: string) => (await gateway.call('GET', `/1.0/networks?${query}`)).json.metadata;
  expect(await names('project=p1')).toEqual(['/1.0/networks/blue?project=p1', '/1.0/networks/red?project=p1']);
  expect(await names('project=own')).toEqual(['/1.0/networks/green?project=own']);
  expect(await names('filter=type+eq+physical')).toEqual(['/1.0/networks/UPLINK']);
  const hosts = async (query: string) =>
    ((await gateway.call('GET', `/1.0/networks/blue/leases?${query}`)).json.metadata as { hostname: string }[]).map(({ hostname }) => hostname);
  expect(await hosts('')).toEqual(['blue.gw', 'a1']);
  expect(await hosts('project=p1')).toEqual(['c2']);
});

it('hides from a restricted project what restricted.networks.access does not name', async () => {
  const answer = await gateway.call('GET', '/1.0/networks?project=guarded');
  expect(answer.json.metadata).toEqual(['/1.0/networks/blue?project=guarded']);
  for (const path of ['red', 'red/state', 'red/leases', 'red/peers', 'red/forwards'])
    expect(await gateway.call('GET', `/1.0/networks/${path}?project=guarded`)).toMatchObject({ status: 404, json: { error: 'Network not found' } });
  expect(await gateway.call('DELETE', '/1.0/networks/red?project=guarded')).toMatchObject({ status: 404 });
  expect(gateway.service.received).toEqual([]);
});

it('knows projects and networks that are not there', async () => {
  expect(await gateway.call('GET', '/1.0/networks?project=nope')).toMatchObject({ status: 404, json: { error: 'Project not found' } });
  expect(await gateway.call('GET', '/1.0/networks/blue?project=own')).toMatchObject({ status: 404, json: { error: 'Network not found' } });
  expect(await gateway.call('GET', '/1.0/networks/blue/peers/nope')).toMatchObject({ status: 404, json: { error: 'Network peer not found' } });
  expect(await gateway.call('GET', '/1.0/network-acls/nope')).toMatchObject({ status: 404, json: { error: 'Network ACL not found' } });
});

it('sends what the stock client changes', async () => {
  await ok(['network', 'create', 'pink', '--type=ovn', 'network=UPLINK', 'ipv4.address=10.1.1.1/24']);
  expect(last()).toMatchObject({ name: 'network.create', envelope: { body: { name: 'pink', type: 'ovn', config: { 'ipv4.address': '10.1.1.1/24' } } } });
  await ok(['network', 'set', 'blue', 'ipv4.nat=true']);
  expect(last()).toMatchObject({ name: 'network.update', envelope: { body: { name: 'blue', mode: 'replace', ifMatch: 'etag-blue' } } });
  await ok(['network', 'rename', 'blue', 'navy']);
  expect(last()).toMatchObject({ name: 'network.rename', envelope: { body: { name: 'blue', newName: 'navy' } } });
  await ok(['network', 'peer', 'set', 'blue', 'to-red', 'user.a=b']);
  expect(last()).toMatchObject({ name: 'network-peer.update', envelope: { body: { network: 'blue', name: 'to-red', ifMatch: 'peer-etag' } } });
  await ok(['network', 'acl', 'rule', 'add', 'web', 'ingress', 'action=allow', 'protocol=tcp', 'destination_port=80']);
  expect(last()).toMatchObject({
    name: 'network-acl.update',
    envelope: { body: { name: 'web', ingress: [{ action: 'allow', destination_port: '80', source: '' }] } },
  });
  await ok(['network', 'forward', 'port', 'add', 'blue', '192.0.2.9', 'tcp', '80', '10.0.0.5']);
  expect(last()).toMatchObject({
    name: 'network-forward.update',
    envelope: { body: { network: 'blue', listenAddress: '192.0.2.9', ports: [{ listen_port: '80' }] } },
  });
  await ok(['network', 'delete', 'red']);
  expect(last()).toMatchObject({ name: 'network.delete', envelope: { body: { name: 'red' }, meta: { project: 'default' } } });
});

it.each([
  ['POST', '/1.0/networks/blue/peers', { name: 'p', target_network: 'red' }, 'network-peer.create', '/1.0/networks/blue/peers/p'],
  [
    'POST',
    '/1.0/networks/green/peers?project=own',
    { name: 'p', target_network: 'red', target_project: 'default' },
    'network-peer.create',
    '/1.0/networks/green/peers/p?project=own',
  ],
  ['POST', '/1.0/networks/blue/forwards', { listen_address: '192.0.2.10' }, 'network-forward.create', '/1.0/networks/blue/forwards/192.0.2.10'],
  ['POST', '/1.0/network-acls', { name: 'db' }, 'network-acl.create', '/1.0/network-acls/db'],
  ['POST', '/1.0/network-acls/web', { name: 'www' }, 'network-acl.rename', '/1.0/network-acls/www'],
  ['POST', '/1.0/network-peer-groups', { name: 'mesh', networks: ['blue', 'own/green'] }, 'network-peer-group.create', '/1.0/network-peer-groups/mesh'],
  ['POST', '/1.0/network-peer-groups/mesh/networks', { network: 'own/green' }, 'network-peer-group.join', '/1.0/network-peer-groups/mesh'],
] as const)('%s %s %j is a %s', async (method, path, body, name, location) => {
  expect(await gateway.call(method, path, body)).toMatchObject({ status: 201, headers: { location } });
  expect(last().name).toBe(name);
});

it('reads the networks of a peer group with their projects', async () => {
  await gateway.call('PUT', '/1.0/network-peer-groups/mesh', { networks: ['blue', 'own/green'] });
  expect(last().envelope.body.networks).toEqual([
    { project: 'default', network: 'blue' },
    { project: 'own', network: 'green' },
  ]);
  await gateway.call('DELETE', '/1.0/network-peer-groups/mesh/networks/own%2Fgreen');
  expect(last()).toMatchObject({ name: 'network-peer-group.leave', envelope: { body: { name: 'mesh', project: 'own', network: 'green' } } });
});

it("passes the network service's answers and refusals on", async () => {
  gateway.service.on('network.state', () => ({ ok: true, result: { state: 'up', type: 'broadcast' } }));
  expect((await gateway.call('GET', '/1.0/networks/blue/state')).json.metadata).toEqual({ state: 'up', type: 'broadcast' });
  gateway.service.on('network.delete', () => ({ ok: false, error: { code: 'network.in-use', message: 'The network is currently in use' } }));
  expect(await gateway.call('DELETE', '/1.0/networks/blue')).toMatchObject({ status: 400, json: { error: 'The network is currently in use' } });
});

it('passes on which member a part of a network is for, and shows that part', async () => {
  await ok(['network', 'create', 'up', '--type=physical', 'parent=eth1', '--target', 'host1']);
  expect(last()).toMatchObject({ name: 'network.create', envelope: { body: { name: 'up', target: 'host1', config: { parent: 'eth1' } } } });
  expect(await ok(['network', 'get', 'UPLINK', 'parent', '--target', 'host1'])).toBe('eth1\n');
  await ok(['network', 'set', 'UPLINK', 'parent=eth2', '--target', 'host1']);
  expect(last()).toMatchObject({ name: 'network.update', envelope: { body: { name: 'UPLINK', target: 'host1', config: { parent: 'eth2' } } } });
});

it('asks who knows the names of the rules for the log of an ACL', async () => {
  gateway.service.on('network-acl.log-prefix', () => ({ ok: true, result: { prefix: 'weft_acl1-' } }));
  expect(await gateway.call('GET', '/1.0/network-acls/web/log')).toMatchObject({ status: 200, headers: { 'content-type': 'application/octet-stream' } });
  expect(last()).toMatchObject({ name: 'network-acl.log-prefix', envelope: { body: { name: 'web' } } });
  expect(await gateway.call('GET', '/1.0/network-acls/nope/log')).toMatchObject({ status: 404 });
});

it('has no networks where no network service has ever been', async () => {
  await gateway.db.client.query('alter schema network rename to gone');
  try {
    expect(await gateway.call('GET', '/1.0/networks?recursion=1')).toMatchObject({ status: 200, json: { metadata: [] } });
    expect(await gateway.call('GET', '/1.0/networks/blue')).toMatchObject({ status: 404, json: { error: 'Network not found' } });
  } finally {
    await gateway.db.client.query('alter schema gone rename to network');
  }
});
