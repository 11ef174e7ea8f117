import { aclLogText, parseAclLogLine } from './acl-log';

const TCP =
  '2026-01-02T03:04:05Z|00012|acl_log(ovn_pinctrl0)|INFO|name="weft_acl1-ingress-0", verdict=drop, severity=info, direction=to-lport: tcp,vlan_tci=0x0000,dl_src=00:16:3e:00:00:01,dl_dst=00:16:3e:00:00:02,nw_src=10.0.0.2,nw_dst=10.0.0.3,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=4711,tp_dst=80,tcp_flags=syn';
const ICMP6 =
  '2026-01-02T03:04:04Z|00011|acl_log(ovn_pinctrl0)|INFO|name="weft_acl1-egress-2", verdict=allow, severity=info, direction=to-lport: icmp6,vlan_tci=0x0000,ipv6_src=fd42::2,ipv6_dst=fd42::3,icmp_type=128,icmp_code=0';

it('reads what ovn-controller says of packets, and nothing else', () => {
  expect(parseAclLogLine(TCP)).toEqual({
    time: '2026-01-02T03:04:05Z',
    proto: 'tcp',
    src: '10.0.0.2',
    dst: '10.0.0.3',
    src_port: '4711',
    dst_port: '80',
    action: 'drop',
  });
  expect(parseAclLogLine('2026-01-02T03:04:05Z|00012|binding|INFO|Claiming lport')).toBeUndefined();
});

it('shows the lines of all members by time', () => {
  const [first, second] = aclLogText([TCP, 'something else', ICMP6]).trim().split('\n');
  expect(first).toBe('{"time":"2026-01-02T03:04:04Z","proto":"icmp6","src":"fd42::2","dst":"fd42::3","icmp_type":"128","icmp_code":"0","action":"allow"}');
  expect(second).toContain('"src_port":"4711"');
});
