/**
 * Names of rows, after those of LXD (docs: README), with a prefix of our own so that both can live in one database. Names in
 * matches may hold no hyphens: groups and sets have underscores.
 */
const PREFIX = 'weft';

export const networkNames = (number: number) => {
  const net = `${PREFIX}-net${number}`;
  return {
    chassisGroup: net,
    router: `${net}-lr`,
    outerRouterPort: `${net}-lr-lrp-ext`,
    innerRouterPort: `${net}-lr-lrp-int`,
    peerRouterPort: (peer: number) => `${net}-lr-lrp-peer-net${peer}`,
    outerSwitch: `${net}-ls-ext`,
    innerSwitch: `${net}-ls-int`,
    outerSwitchRouterPort: `${net}-ls-ext-lsp-router`,
    providerPort: `${net}-ls-ext-lsp-provider`,
    innerSwitchRouterPort: `${net}-ls-int-lsp-router`,
    loadBalancer: (listenAddress: string, protocol: string) => `${net}-lb-${listenAddress}-${protocol}`,
    resolverPort: `${net}-ls-int-lsp-resolver`,
    portGroup: `${PREFIX}_net${number}`,
    routes: (family: 4 | 6) => `${PREFIX}_net${number}_routes_ip${family}`,
  };
};

export const aclNames = (number: number) => ({
  portGroup: `${PREFIX}_acl${number}`,
  rule: (direction: string, index: number) => `${PREFIX}_acl${number}-${direction}-${index}`,
  /** Sets of the addresses of a port group's ports, which OVN makes by itself. */
  addresses: (family: 4 | 6) => `${PREFIX}_acl${number}_ip${family}`,
  /** Sets of what is routed to those ports. */
  routes: (family: 4 | 6) => `${PREFIX}_acl${number}_routes_ip${family}`,
});

/** Name of the logical switch port of a NIC: `external_ids:iface-id` on the host. */
export const interfaceId = (networkNumber: number, instanceId: string, device: string): string =>
  `${PREFIX}-net${networkNumber}-instance-${instanceId}-${device}`;
