import { createLogger } from '@weft/platform';
import { eventually } from '@weft/testing';
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';
import { GuestResolvers } from './guest-resolvers';
import { HostSwitch } from './host-switch';
import { BRIDGE_ADDRESS, startTestSwitch, tapOf, type TestSwitch } from './host-switch.fixture';
import type { AnswerQuestion } from './resolver-session';

jest.setTimeout(90_000);

const ADDRESS = '169.254.169.253';

describe('resolvers for the guests of a host', () => {
  let ovs: TestSwitch;
  let hostSwitch: HostSwitch;
  const opened: GuestResolvers[] = [];
  beforeAll(async () => {
    ovs = await startTestSwitch();
    hostSwitch = new HostSwitch(ovs.endpoint);
    // The test asks as a neighbour of the resolvers.
    await ovs.network.links.run('ip', ['route', 'add', ADDRESS, 'dev', 'br-int']);
  });
  afterEach(async () => {
    for (const resolvers of opened.splice(0)) await resolvers.stop();
  });
  afterAll(async () => {
    await hostSwitch.close();
    await ovs.stop();
  });

  const plug = (instanceId: string, networkId: string, hwaddr = '00:16:3e:00:53:53') =>
    ovs.plug(
      tapOf(instanceId, {
        addresses: [`${BRIDGE_ADDRESS}/24`],
        resolver: { networkId, ifaceId: `resolver-${networkId}`, hwaddr, address: ADDRESS },
      }),
    );
  /** Says of which network it was asked, and how. */
  const echo: AnswerQuestion = (networkId, question, transport) => {
    const { id, questions } = decode(question);
    const name = questions![0]!.name;
    return Promise.resolve(
      encode({ type: 'response', id, flags: RECURSION_DESIRED, questions, answers: [{ type: 'TXT', name, data: `${networkId} ${transport}` }] }),
    );
  };
  const start = (logger = createLogger('resolvers', 'fatal'), lingerMs = 0): GuestResolvers => {
    const resolvers = new GuestResolvers(ovs.network.links, hostSwitch, logger, lingerMs);
    opened.push(resolvers);
    resolvers.start(echo);
    return resolvers;
  };
  const dig = (...args: string[]): Promise<string> =>
    ovs.network.links.run('dig', [`@${ADDRESS}`, '+time=2', '+tries=1', '+short', ...args, 'c1.lxd', 'TXT']).catch(() => '');

  it('answers by UDP and TCP while a guest is plugged in', async () => {
    await plug('one', 'blue');
    const resolvers = start();
    await eventually(async () => (await dig()).trim() === '"blue udp"', { what: 'an answer by UDP' });
    expect((await dig('+tcp')).trim()).toBe('"blue tcp"');
    expect(await hostSwitch.resolverLinks()).toHaveLength(1);
    await ovs.network.release('one');
    resolvers.ring();
    await eventually(async () => (await hostSwitch.resolverLinks()).length === 0, { what: 'no resolver' });
    const wires = async () => (await ovs.network.links.list()).filter(({ ifname }) => ifname.startsWith('dns'));
    await eventually(async () => (await wires()).length === 0, { what: 'no wire' });
  });

  it('keeps one for a while that has lost its guests', async () => {
    await plug('here', 'blue');
    const resolvers = start(undefined, 3_000);
    await eventually(async () => (await dig()).trim() === '"blue udp"', { what: 'an answer' });
    await ovs.network.release('here');
    resolvers.ring();
    await eventually(async () => (await dig()).trim() === '"blue udp"', { what: 'an answer without a guest' });
    await eventually(
      async () => {
        resolvers.ring();
        return (await hostSwitch.resolverLinks()).length === 0;
      },
      { what: 'no resolver' },
    );
  });

  it('has one for each network, and replaces what a killed agent has left', async () => {
    await plug('two', 'red');
    await plug('three', 'red');
    await plug('four', 'green');
    start();
    await eventually(async () => (await hostSwitch.resolverLinks()).length === 2, { what: 'two resolvers' });
    // Its ports and wires stay as they are, its sockets end.
    await opened.splice(0)[0]!.stop();
    expect(await dig()).toBe('');
    await ovs.network.release('four');
    start();
    await eventually(async () => (await dig()).trim() === '"red udp"', { what: 'an answer of the new one' });
    expect(await hostSwitch.resolverLinks()).toHaveLength(1);
    await ovs.vsctl('del-port', 'br-int', (await hostSwitch.resolverLinks())[0]!);
    opened[0]!.ring();
    await eventually(async () => (await dig()).trim() === '"red udp"', { what: 'an answer after the port was lost' });
    for (const id of ['two', 'three']) await ovs.network.release(id);
  });

  it('opens the others when those of some networks do not open', async () => {
    const logger = createLogger('resolvers', 'fatal');
    const warn = jest.spyOn(logger, 'warn');
    // No interface has the address of a group.
    await plug('five', 'grey', '01:00:5e:00:53:01');
    await plug('six', 'pink', '01:00:5e:00:53:02');
    await plug('seven', 'gold');
    start(logger);
    await eventually(async () => (await dig()).trim() === '"gold udp"', { what: 'an answer of the one that opens' });
    const warned = (network: string) => warn.mock.calls.some(([details]) => (details as unknown as { network?: string }).network === network);
    await eventually(() => Promise.resolve(warned('grey') && warned('pink')), { what: 'a word about each of the others' });
    for (const id of ['five', 'six', 'seven']) await ovs.network.release(id);
  });
});
