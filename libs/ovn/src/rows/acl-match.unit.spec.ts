import { aNetwork, anAcl, aRule } from '../testing/desired-state';
import { aclMatch } from './acl-match';
import { aclRows } from './acl.rows';

/** Ports of an ACL as senders: here, or elsewhere by their addresses and by what is routed to them. */
const FROM = (acl: number): string =>
  [`inport == @weft_acl${acl}`, ...['', '_routes'].flatMap((set) => [6, 4].map((family) => `ip${family}.src == $weft_acl${acl}${set}_ip${family}`))].join(
    ' || ',
  );

/** As LXD 5.0.2 writes them, with our prefix. */
describe('the match of an ACL rule', () => {
  it('has addresses, protocol and ports', () => {
    const rule = aRule({
      sources: [{ kind: 'addresses', family: 4, text: '10.0.0.0/8' }],
      protocol: 'tcp',
      destinationPorts: [
        { first: 22, last: 22 },
        { first: 80, last: 90 },
      ],
    });
    expect(aclMatch(1, rule)).toBe('(outport == @weft_acl1) && (ip4.src == 10.0.0.0/8) && (tcp) && (tcp.dst == 22 || (tcp.dst >= 80 && tcp.dst <= 90))');
  });

  it('has ranges of addresses, and what ICMP has', () => {
    const rule = aRule({
      direction: 'egress',
      destinations: [{ kind: 'addresses', family: 6, text: 'fd42::1-fd42::9' }],
      protocol: 'icmp6',
      icmpType: 128,
      icmpCode: 0,
    });
    expect(aclMatch(1, rule)).toBe(`(${FROM(1)}) && ((ip6.dst >= fd42::1 && ip6.dst <= fd42::9)) && (icmp6) && (icmp6.type == 128) && (icmp6.code == 0)`);
  });

  it.each([
    ['internal', 'outport == @weft_net4'],
    ['external', 'outport == "weft-net4-ls-int-lsp-router"'],
  ] as const)('speaks of the network: @%s', (kind, match) => {
    expect(aclMatch(1, aRule({ direction: 'egress', destinations: [{ kind }] }), 4)).toBe(`(${FROM(1)}) && (${match})`);
  });

  it('knows @internal senders on other hosts by their addresses', () => {
    expect(aclMatch(1, aRule({ sources: [{ kind: 'internal' }] }), 4)).toBe(
      '(outport == @weft_acl1) && (inport == @weft_net4 || ip6.src == $weft_net4_routes_ip6 || ip4.src == $weft_net4_routes_ip4)',
    );
  });

  it('speaks of a peer by the addresses that are its own', () => {
    const rule = aRule({ sources: [{ kind: 'network', number: 5 }] });
    expect(aclMatch(1, rule)).toBe('(outport == @weft_acl1) && (ip6.src == $weft_net5_routes_ip6 || ip4.src == $weft_net5_routes_ip4)');
  });
});

describe('the rows of an ACL', () => {
  it('are none as long as nobody uses it', () => {
    expect(aclRows(anAcl(1, [], [aRule()]), [])).toEqual([]);
  });

  it('are one more for each subject that OVN may not know, so that the others hold without it', () => {
    const sources = [{ kind: 'addresses', family: 4, text: '10.0.0.1' } as const, { kind: 'acl', number: 2 } as const];
    const rows = aclRows(anAcl(1, [aNetwork(4)], [aRule({ sources })]), [aNetwork(4)]);
    expect(rows.filter(({ kind }) => kind === 'rule').map(({ columns }) => columns.match)).toEqual([
      '(outport == @weft_acl1) && (ip4.src == 10.0.0.1)',
      `(outport == @weft_acl1) && (${FROM(2)})`,
    ]);
  });

  it('have sets of what is routed to the ports that use it', () => {
    const rows = aclRows(anAcl(1, [aNetwork(4)], [], { routes: ['172.16.1.0/24', '2001:db8::/64', '172.16.0.0/24'] }), [aNetwork(4)]);
    expect(rows.filter(({ table }) => table === 'Address_Set').map(({ columns }) => columns)).toEqual([
      { name: 'weft_acl1_routes_ip4', addresses: ['172.16.0.0/24', '172.16.1.0/24'] },
      { name: 'weft_acl1_routes_ip6', addresses: ['2001:db8::/64'] },
    ]);
  });

  it('hang on the switch of each network when they speak of it', () => {
    const networks = [aNetwork(4), aNetwork(5)];
    const rows = aclRows(anAcl(1, networks, [aRule({ sources: [{ kind: 'internal' }] })]), networks);
    expect(rows.filter(({ kind }) => kind === 'network-rule').map(({ links }) => links[0]?.table)).toEqual(['Logical_Switch', 'Logical_Switch']);
  });
});
