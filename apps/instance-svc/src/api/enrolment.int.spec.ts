/** How hosts become members: tokens, refusals, and whose heartbeats count. */
import { createHash } from 'node:crypto';
import { joinSubject, newId, unwrap, type CommandReply, type InstanceCommandBody, type LxdOperation } from '@weft/contracts';
import { eventually } from '@weft/testing';
import { emptyInstance } from '../testing/bodies';
import { FakeAgent } from '../testing/fake-agent';
import { ServiceUnderTest, startInfrastructure, type Infrastructure } from '../testing/service-under-test';

const OWN_TOKEN = 'the launcher knows it';
let infrastructure: Infrastructure;
let service: ServiceUnderTest;
const hosts: FakeAgent[] = [];

beforeAll(async () => {
  infrastructure = await startInfrastructure();
  service = await ServiceUnderTest.start(infrastructure, { open: false, tokens: { host1: createHash('sha256').update(OWN_TOKEN).digest('hex') } });
}, 60_000);
afterAll(async () => {
  for (const host of hosts) host.stop();
  await service?.close();
  await infrastructure?.postgres.stop();
  await infrastructure?.broker.stop();
});

async function join(member: string, token: string, subject = member): Promise<void> {
  const id = newId();
  const actor = { protocol: 'service', username: 'whatever', address: '', projects: null };
  const body: InstanceCommandBody<'member.join'> = { member, architecture: 'x86_64', token };
  const envelope = { meta: { actor, project: 'default', requestId: id, correlationId: id, commandId: id }, body };
  unwrap((await service.client.request(joinSubject(subject), JSON.stringify(envelope), { timeout: 10_000 })).json<CommandReply>());
}
const invite = (name: string) => service.send<LxdOperation>('member.invite', { name, serverFingerprint: 'f0', addresses: ['10.0.0.1:8443'] });
/** As the stock client puts it together. */
const tokenOf = ({ metadata }: LxdOperation): string =>
  Buffer.from(
    JSON.stringify({ server_name: metadata?.serverName, fingerprint: 'f0', addresses: [], secret: metadata?.secret, expires_at: metadata?.expiresAt }),
  ).toString('base64');
const members = async () => (await service.running.deps.pool.query<{ name: string }>('SELECT name FROM member_v1 ORDER BY name')).rows.map(({ name }) => name);
const appears = async (name: string) => {
  const host = new FakeAgent(service.client, name);
  hosts.push(host);
  await host.start();
  return host;
};

it('takes in a host that whoever started the platform vouches for', async () => {
  await appears('host1');
  await appears('stranger');
  await expect(join('host1', 'another token')).rejects.toThrow('host1 is no member of the cluster: ask for a join token (lxc cluster add host1)');
  await join('host1', OWN_TOKEN);
  await eventually(() => service.running.deps.members.get('host1')?.online);
  await service.ended(await service.send<LxdOperation>('instance.create', emptyInstance('c1')));
  expect(await members()).toEqual(['host1']);
});

it('pays no attention to the heartbeats of a host that is no member', async () => {
  expect(service.running.deps.members.get('stranger')).toBeUndefined();
  await expect(service.send('instance.create', emptyInstance('c2', { target: 'stranger' }))).rejects.toThrow('Member stranger not found');
  await expect(join('stranger', '')).rejects.toThrow('stranger is no member');
});

it('takes in a host with its token, once, and asks no member again', async () => {
  const operation = await invite('host2');
  expect(operation).toMatchObject({ class: 'token', may_cancel: true, metadata: { serverName: 'host2', addresses: ['10.0.0.1:8443'] } });
  expect(new Date(String(operation.metadata?.expiresAt)).getTime() - Date.now()).toBeGreaterThan(2.9 * 3600_000);
  await expect(join('stranger', tokenOf(operation))).rejects.toThrow('stranger is no member');
  await expect(join('host2', tokenOf(operation), 'stranger')).rejects.toThrow('not authorized');
  await join('host2', tokenOf(operation));
  expect(await service.ended(operation)).toMatchObject({ status: 'Success', metadata: { secret: 'hidden' } });
  expect(await members()).toEqual(['host1', 'host2']);
  await join('host2', '');
  await expect(invite('host2')).rejects.toThrow('The cluster already has a member "host2"');
});

it('refuses a token that was revoked, replaced, or has expired', async () => {
  const revoked = await invite('host3');
  await service.send('operation.cancel', { operationId: revoked.id });
  await expect(join('host3', tokenOf(revoked))).rejects.toThrow('was used, revoked or has expired');
  const first = await invite('host3');
  const second = await invite('host3');
  expect(await service.ended(first)).toMatchObject({ status: 'Cancelled' });
  await expect(join('host3', tokenOf(first))).rejects.toThrow('was used, revoked or has expired');
  await join('host3', tokenOf(second));
  const late = await invite('host4');
  await service.running.deps.pool.query("UPDATE certificate_token SET expires_at = now() - interval '1 second' WHERE operation_id = $1", [late.id]);
  await expect(join('host4', tokenOf(late))).rejects.toThrow('was used, revoked or has expired');
}, 60_000);

it('takes a removed member back with a new token only', async () => {
  await service.send('member.remove', { name: 'host3' });
  await expect(join('host3', '')).rejects.toThrow('host3 was removed from the cluster');
  await join('host3', tokenOf(await invite('host3')));
  expect(await members()).toContain('host3');
});

it.each([
  ['', 'Invalid member name ""'],
  ['../x', 'Invalid member name "../x"'],
  ['host1', 'The cluster already has a member "host1"'],
])('gives out no token for "%s"', async (name, sentence) => {
  await expect(invite(name)).rejects.toThrow(sentence);
});
