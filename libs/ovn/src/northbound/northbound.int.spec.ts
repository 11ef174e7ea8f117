import { operationsOn, OvnNorthbound, OvsdbClient } from '@weft/ovsdb';
import { until } from '@weft/ovsdb/testing/ovsdb-server';
import { Northbound, OvnMissingRow, OvnStaleState, ownerOf } from '../index';
import { aNetwork, aPort, aState } from '../testing/desired-state';
import { OvnCentral } from '../testing/ovn-central';

const nb = operationsOn(OvnNorthbound.OVN_NORTHBOUND);

describe('changes', () => {
  let central: OvnCentral;
  let northbound: Northbound;
  let other: Northbound;
  const blue = aNetwork(1);
  const ports = Array.from({ length: 60 }, (_, index) => aPort(blue, index + 1));

  const connect = () =>
    Northbound.connect({
      northbound: { endpoints: central.northbound.endpoint, backOff: { firstMs: 5, maxMs: 50 } },
      southbound: { endpoints: central.southbound.endpoint, backOff: { firstMs: 5, maxMs: 50 } },
      downAfterMs: 500,
    });
  const counter = async () => Number(await central.nbctl('get', 'NB_Global', '.', 'nb_cfg'));
  const portChange = (port: (typeof ports)[number]) => ({ state: aState({ networks: [blue], ports: [port] }), scope: [ownerOf.port(port.id)] });

  beforeAll(async () => {
    central = await OvnCentral.start();
    [northbound, other] = await Promise.all([connect(), connect()]);
  });
  beforeEach(async () => {
    await northbound.apply({ state: aState({ networks: [blue] }), scope: 'everything' });
  });
  afterAll(async () => {
    await Promise.all([northbound.close(), other.close()]);
    await central.stop();
  });

  it('that come together share transactions, and each is told what was about it', async () => {
    const before = await counter();
    const applied = await Promise.all(ports.map((port) => northbound.apply(portChange(port))));
    expect((await counter()) - before).toBeLessThanOrEqual(2);
    for (const [index, { differences, completion }] of applied.entries()) {
      expect(new Set(differences.map(({ owner }) => owner))).toEqual(new Set([ownerOf.port(ports[index]!.id)]));
      expect(completion.done).toBe(true);
    }
    expect(northbound.drift({ state: aState({ networks: [blue], ports }), scope: 'everything' })).toEqual([]);
  });

  it('of one that is wrong do not keep the others from being made', async () => {
    const lost = aPort(aNetwork(9), 1);
    const wrong = { state: aState({ networks: [aNetwork(9)], ports: [lost] }), scope: [ownerOf.port(lost.id)] };
    const [failure, right] = await Promise.all([northbound.apply(wrong).catch((error: unknown) => error), northbound.apply(portChange(ports[0]!))]);
    expect(failure).toBeInstanceOf(OvnMissingRow);
    expect(right.differences.length).toBeGreaterThan(0);
  });

  it('that two make at once are made once', async () => {
    await Promise.all([...ports.slice(0, 10), ...ports.slice(5, 15)].flatMap((port) => [northbound.apply(portChange(port)), other.apply(portChange(port))]));
    const state = aState({ networks: [blue], ports: ports.slice(0, 15) });
    await until(() => other.drift({ state, scope: 'everything' }).length === 0, 'the other copy has it all');
    expect(northbound.drift({ state, scope: 'everything' })).toEqual([]);
  });

  it('that are older than what OVN has are refused', async () => {
    const scope = [ownerOf.network(blue.id)];
    await northbound.apply({ state: aState({ networks: [{ ...blue, version: 5, mtu: 1300 }] }), scope });
    const old = northbound.apply({ state: aState({ networks: [{ ...blue, version: 4, mtu: 1200 }] }), scope });
    await expect(old).rejects.toMatchObject({ constructor: OvnStaleState, presentVersion: 5, desiredVersion: 4 });
    await northbound.apply({ state: aState(), scope: 'everything' });
  });

  it('are complete, and made once, when the database is killed in their middle', async () => {
    let killed = false;
    const all = ports.map((port, index) => until(() => index < 20 || killed, 'the server is killed').then(() => northbound.apply(portChange(port))));
    await all[0];
    await central.northbound.kill9();
    killed = true;
    await central.northbound.start();
    await Promise.all(all);
    expect(northbound.drift({ state: aState({ networks: [blue], ports }), scope: 'everything' })).toEqual([]);
  });

  it('are not done before ovn-northd has done its part, and waiting for that has an end', async () => {
    await central.killNorthd();
    const { completion } = await northbound.apply(portChange(ports[0]!), { timeoutMs: 300 });
    expect(completion.done).toBe(false);
    await central.startNorthd();
    const again = await northbound.apply(portChange(ports[0]!));
    expect(again).toMatchObject({ differences: [], completion: { done: true } });
    expect(await central.sbctl('--bare', '--columns=logical_port', 'find', 'Port_Binding', `logical_port=${ports[0]!.interfaceId}`)).toBe(
      ports[0]!.interfaceId,
    );
  });

  it('wait for the hosts concerned, except for those that are down', async () => {
    const host = (name: string, nbCfg: number) => ['--id=@h', 'create', 'Chassis_Private', `name=${name}`, `nb_cfg=${nbCfg}`] as const;
    await central.sbctl(...host('alive', await counter()));
    await central.sbctl(...host('dead', 0));
    let asked = false;
    const change = northbound
      .apply(portChange(ports[1]!), { until: { chassis: ['alive', 'dead', 'unknown'] }, timeoutMs: 30_000 })
      .finally(() => (asked = true));
    await until(async () => (await central.nbctl('get', 'NB_Global', '.', 'sb_cfg')) === String(await counter()), 'ovn-northd has done its part');
    expect(asked).toBe(false);
    // What ovn-controller does when the flows are in place.
    await central.sbctl('set', 'Chassis_Private', 'alive', `nb_cfg=${await counter()}`);
    expect((await change).completion).toEqual({ done: true, compiled: true, late: ['dead', 'unknown'] });
  });

  it('of others are heard of by owner, ours are not', async () => {
    const client = new OvsdbClient(OvnNorthbound.OVN_NORTHBOUND, { endpoints: central.northbound.endpoint });
    const touched = new Set<string>();
    northbound.onTouched((owners) => owners.forEach((owner) => touched.add(owner)));
    await northbound.apply(portChange(ports[2]!));
    expect([...touched]).toEqual([]);
    await client.transact([nb.update('Logical_Switch_Port', [['name', '==', ports[2]!.interfaceId]], { addresses: [] })]);
    await until(() => touched.has(ownerOf.port(ports[2]!.id)), 'the damage is heard of');
    await client.close();
  });
});
