/**
 * Lines of ovn-controller about packets that logged rules matched, as LXD's /1.0/network-acls/<name>/log shows them: one JSON object a line.
 *
 *   2026-01-02T03:04:05.678Z|00012|acl_log(ovn_pinctrl0)|INFO|name="weft_acl1-ingress-0", verdict=drop, severity=info,
 *   direction=to-lport: tcp,vlan_tci=0x0000,...,nw_src=10.0.0.2,nw_dst=10.0.0.3,...,tp_src=4711,tp_dst=80,tcp_flags=syn
 */
export interface AclLogEntry {
  time: string;
  proto: string;
  src: string;
  dst: string;
  src_port?: string;
  dst_port?: string;
  icmp_type?: string;
  icmp_code?: string;
  action: string;
}

const LINE = /^([^|]+)\|\d+\|acl_log[^|]*\|[A-Z]+\|name="[^"]+", verdict=([a-z-]+), severity=[a-z]+, direction=[a-z-]+: (.+)$/;

/** Undefined for a line of another kind. */
export function parseAclLogLine(line: string): AclLogEntry | undefined {
  const [, time, action, packet] = LINE.exec(line) ?? [];
  if (time === undefined || action === undefined || packet === undefined) return undefined;
  const [proto = '', ...fields] = packet.split(',');
  const values = new Map(fields.map((field) => field.split('=', 2) as [string, string | undefined]));
  const text = (to: keyof AclLogEntry, ...from: string[]): Partial<AclLogEntry> => {
    const value = from.map((name) => values.get(name)).find((one) => one !== undefined);
    return value === undefined ? {} : { [to]: value };
  };
  return {
    time,
    proto,
    src: values.get('nw_src') ?? values.get('ipv6_src') ?? '',
    dst: values.get('nw_dst') ?? values.get('ipv6_dst') ?? '',
    ...text('src_port', 'tp_src'),
    ...text('dst_port', 'tp_dst'),
    ...text('icmp_type', 'icmp_type', 'icmpv6_type'),
    ...text('icmp_code', 'icmp_code', 'icmpv6_code'),
    action,
  };
}

/** All members' lines by time. */
export const aclLogText = (lines: readonly string[]): string =>
  lines
    .flatMap((line) => parseAclLogLine(line) ?? [])
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .map((entry) => `${JSON.stringify(entry)}\n`)
    .join('');
