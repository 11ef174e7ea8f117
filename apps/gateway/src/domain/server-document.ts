/** `GET /1.0` (LXD 5.0 "server_get"): what clients check before they do anything else. Pure text building. */
import type { Heartbeat } from '@weft/contracts';
import { API_EXTENSIONS } from './api-extensions';

export const WEFT_VERSION = '0.1.0';

const HEAD = `"api_extensions":${JSON.stringify(API_EXTENSIONS)},"api_status":"stable","api_version":"1.0"`;

/** What everyone may read. */
export const untrustedServer = (): string => `{${HEAD},"auth":"untrusted","public":false,"auth_methods":["tls"]}`;

export interface ServerFacts {
  addresses: readonly string[];
  certificatePem: string;
  certificateFingerprint: string;
  serverName: string;
  clustered: boolean;
  members: readonly Pick<Heartbeat, 'drivers' | 'resources'>[];
  project: string;
  pid: number;
}

/** The tail after `"config":{...},`: everything that does not change from request to request. */
export const trustedServerTail = (facts: ServerFacts): string =>
  `${HEAD},"auth":"trusted","public":false,"auth_methods":["tls"],"environment":${JSON.stringify(environment(facts))}}`;

export const trustedServer = (configJson: string, tail: string): string => `{"config":${configJson},${tail}`;

function environment(facts: ServerFacts): Record<string, unknown> {
  const drivers = uniqueDrivers(facts.members);
  const host = facts.members[0]?.resources;
  return {
    addresses: facts.addresses,
    architectures: [...new Set(facts.members.flatMap(({ resources }) => architectures(resources.architecture)))],
    certificate: facts.certificatePem,
    certificate_fingerprint: facts.certificateFingerprint,
    driver: drivers.map((driver) => driver.name).join(' | '),
    driver_version: drivers.map((driver) => driver.version).join(' | '),
    firewall: 'nftables',
    kernel: 'Linux',
    kernel_architecture: host?.architecture ?? '',
    kernel_features: {},
    kernel_version: host?.kernelVersion ?? '',
    lxc_features: {},
    os_name: host?.osName ?? '',
    os_version: host?.osVersion ?? '',
    project: facts.project,
    server: 'weft',
    server_clustered: facts.clustered,
    server_event_mode: 'full-mesh',
    server_name: facts.serverName,
    server_pid: facts.pid,
    server_version: WEFT_VERSION,
    storage: 'dir',
    storage_version: '1',
    storage_supported_drivers: [{ Name: 'dir', Version: '1', Remote: false }],
  };
}

/** A 64-bit x86 host runs 32-bit guests as well. */
const architectures = (kernel: string): string[] => (kernel === 'x86_64' ? ['x86_64', 'i686'] : [kernel]);

function uniqueDrivers(members: ServerFacts['members']): { name: string; version: string }[] {
  const found = new Map<string, string>();
  for (const { drivers } of members) for (const driver of drivers) found.set(driver.name, found.get(driver.name) ?? driver.version);
  return [...found].map(([name, version]) => ({ name, version }));
}
