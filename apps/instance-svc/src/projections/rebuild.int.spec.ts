/** Invariant 4: replaying the log gives exactly the rows that are there. */
import type { LxdOperation } from '@weft/contracts';
import { expectFoldEqualsRows } from '@weft/event-store';
import { action, emptyInstance } from '../testing/bodies';
import type { FakeAgent } from '../testing/fake-agent';
import { ServiceUnderTest, startInfrastructure, type Infrastructure } from '../testing/service-under-test';
import { instanceProjection } from './instance.projection';
import { memberProjection } from './member.projection';
import { operationProjection } from './operation.projection';

let infrastructure: Infrastructure;
let service: ServiceUnderTest;
let host: FakeAgent;

beforeAll(async () => {
  infrastructure = await startInfrastructure();
  service = await ServiceUnderTest.start(infrastructure);
  host = await service.agent('host1');
  await history();
  host.stop();
}, 60_000);
afterAll(async () => {
  await service.close();
  await infrastructure.postgres.stop();
  await infrastructure.broker.stop();
});

/** Something of everything. */
async function history(): Promise<void> {
  const ended = async (operation: Promise<LxdOperation>) => service.ended(await operation);
  await service.send('profile.create', { name: 'p1', description: '', config: { 'limits.cpu': '1' }, devices: {} });
  await ended(service.send('instance.create', emptyInstance('a', { profiles: ['default', 'p1'] })));
  await ended(service.send('snapshot.create', { instance: 'a', name: 's0', stateful: false }));
  await ended(service.send('instance.create', emptyInstance('b', { source: { type: 'copy', source: 'a' } })));
  await ended(service.send('instance.set-state', action('b', 'start')));
  await service.send('profile.update', { name: 'p1', mode: 'replace', description: '', config: { 'limits.cpu': '2' }, devices: {} });
  await ended(service.send('instance.rename', { name: 'a', newName: 'c' }));
  await ended(service.send('instance.restore', { name: 'c', snapshot: 's0', stateful: false }));
  await ended(service.send('snapshot.rename', { instance: 'c', name: 's0', newName: 's1' }));
  await ended(service.send('instance.create', emptyInstance('d')));
  await ended(service.send('instance.delete', { name: 'd' }));
}

it.each([memberProjection, operationProjection, instanceProjection])('fold(events) = rows: $name', async (projection) => {
  await expectFoldEqualsRows(service.running.deps.store, projection);
});

it('still serves and writes after the swap', async () => {
  expect(await service.instance('c')).toMatchObject({ snapshots: [{ name: 's1' }], expanded_config: { 'limits.cpu': '2' } });
  await expect(service.send('profile.delete', { name: 'p1' })).rejects.toMatchObject({ code: 'profile.in-use' });
});
