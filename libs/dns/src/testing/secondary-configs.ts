/** Configuration of name servers of Debian as unprivileged secondaries with all their files in one directory. */
export interface SecondaryZones {
  readonly zones: readonly string[];
  readonly primary: { readonly address: string; readonly port: number };
  /** For transfers and NOTIFY. */
  readonly key?: { readonly name: string; readonly algorithm: string; readonly secretBase64: string };
}

export type SecondaryKind = 'bind' | 'knot' | 'nsd' | 'pdns';

export interface SecondaryPlace {
  readonly directory: string;
  readonly port: number;
}

export interface SecondaryProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** By path below the directory. */
  readonly files: Readonly<Record<string, string>>;
  /** SQL for a database, where the server wants one. */
  readonly sql?: string;
}

const bind = ({ directory, port }: SecondaryPlace, { zones, primary, key }: SecondaryZones): SecondaryProgram => ({
  // A copy: Debian's AppArmor profile allows the path /usr/sbin/named its own directories only.
  command: `${directory}/named`,
  args: ['-g', '-n', '1', '-c', `${directory}/named.conf`],
  files: {
    'named.conf': `
options {
  directory "${directory}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none; recursion no; dnssec-validation no;
  session-keyfile "${directory}/session.key"; managed-keys-directory "${directory}"; notify no; allow-transfer { 127.0.0.1; };
  serial-query-rate 1000; transfers-per-ns 20; transfers-in 40; min-refresh-time 1; min-retry-time 1; request-ixfr yes;
};
controls { };
${key ? `key "${key.name}" { algorithm ${key.algorithm}; secret "${key.secretBase64}"; };` : ''}
${zones
  .map(
    (zone) => `zone "${zone}" { type secondary; file "${zone}.db"; masterfile-format text; allow-notify { 127.0.0.1; };
  primaries port ${primary.port} { ${primary.address}${key ? ` key "${key.name}"` : ''}; }; };`,
  )
  .join('\n')}
`,
  },
});

const knot = ({ directory, port }: SecondaryPlace, { zones, primary, key }: SecondaryZones): SecondaryProgram => ({
  command: '/usr/sbin/knotd',
  args: ['-c', `${directory}/knot.conf`],
  files: {
    'db/.keep': '',
    'knot.conf': `
server:
  rundir: ${directory}
  listen: 127.0.0.1@${port}
  pidfile: ${directory}/knot.pid
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stderr
    any: info
database:
  storage: ${directory}/db
${key ? `key:\n  - id: ${key.name}\n    algorithm: ${key.algorithm}\n    secret: ${key.secretBase64}` : ''}
remote:
  - id: primary
    address: ${primary.address}@${primary.port}
${key ? `    key: ${key.name}` : ''}
acl:
  - id: notify
    address: 127.0.0.1
    action: notify
${key ? `    key: ${key.name}` : ''}
  - id: check
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: ${directory}
zone:
${zones.map((zone) => `  - domain: ${zone}\n    master: primary\n    acl: [notify, check]`).join('\n')}
`,
  },
});

const nsd = ({ directory, port }: SecondaryPlace, { zones, primary, key }: SecondaryZones): SecondaryProgram => ({
  command: '/usr/sbin/nsd',
  args: ['-d', '-c', `${directory}/nsd.conf`],
  files: {
    'nsd.conf': `
server:
  ip-address: 127.0.0.1@${port}
  username: ""
  pidfile: "${directory}/nsd.pid"
  database: ""
  zonesdir: "${directory}"
  xfrdir: "${directory}"
  zonelistfile: "${directory}/zone.list"
  xfrdfile: "${directory}/xfrd.state"
  cookie-secret-file: ""
  server-count: 1
  xfrd-reload-timeout: 0
remote-control:
  control-enable: no
${key ? `key:\n  name: ${key.name}\n  algorithm: ${key.algorithm}\n  secret: "${key.secretBase64}"` : ''}
${zones
  .map(
    (zone) => `zone:
  name: ${zone}
  zonefile: ${zone}.zone
  request-xfr: ${primary.address}@${primary.port} ${key?.name ?? 'NOKEY'}
  allow-notify: 127.0.0.1 ${key?.name ?? 'NOKEY'}
  provide-xfr: 127.0.0.1 NOKEY`,
  )
  .join('\n')}
`,
  },
});

const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const pdns = ({ directory, port }: SecondaryPlace, { zones, primary, key }: SecondaryZones): SecondaryProgram => ({
  command: '/usr/sbin/pdns_server',
  args: [`--config-dir=${directory}`],
  files: {
    'pdns.conf': `
launch=gsqlite3
gsqlite3-database=${directory}/pdns.sqlite3
gsqlite3-pragma-synchronous=0
local-address=127.0.0.1
local-port=${port}
socket-dir=${directory}
secondary=yes
xfr-cycle-interval=1
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
allow-notify-from=127.0.0.0/8
allow-axfr-ips=127.0.0.0/8
receiver-threads=1
distributor-threads=1
retrieval-threads=1
daemon=no
guardian=no
`,
  },
  sql: [
    ...zones.map((zone) => `INSERT INTO domains (name, master, type) VALUES (${sqlText(zone)}, ${sqlText(`${primary.address}:${primary.port}`)}, 'SLAVE');`),
    // Without it PowerDNS asks for the whole zone after every change.
    `INSERT INTO domainmetadata (domain_id, kind, content) SELECT id, 'IXFR', '1' FROM domains;`,
    ...(key
      ? [
          `INSERT INTO tsigkeys (name, algorithm, secret) VALUES (${[key.name, key.algorithm, key.secretBase64].map(sqlText).join(', ')});`,
          `INSERT INTO domainmetadata (domain_id, kind, content) SELECT id, 'AXFR-MASTER-TSIG', ${sqlText(key.name)} FROM domains;`,
        ]
      : []),
  ].join('\n'),
});

export const SECONDARY_PROGRAMS: Readonly<Record<SecondaryKind, (place: SecondaryPlace, zones: SecondaryZones) => SecondaryProgram>> = {
  bind,
  knot,
  nsd,
  pdns,
};
