/**
 * Domain events as LXD lifecycle events (LXD 5.0 "Events: lifecycle"), by one table. Pure. An event type without an
 * entry has no lifecycle counterpart. Cross-checked against the event catalogues of @weft/contracts in the tests.
 */
import { resourceUrl } from './resource-url';

export interface DomainEvent {
  type: string;
  /** Project of the aggregate; "" for things outside of projects. */
  project: string;
  data: Readonly<Record<string, unknown>>;
  actor?: { protocol: string; username: string; address: string };
  /** RFC 3339. */
  time: string;
}

export interface Lifecycle {
  action: string;
  source: string;
  context?: Record<string, unknown>;
  requestor?: { username: string; protocol: string; address: string };
}

type Data = DomainEvent['data'];
interface Entry {
  /** undefined: not this time. */
  action: string | ((data: Data) => string | undefined);
  source(data: Data, project: string): string;
  context?(data: Data): Record<string, unknown> | undefined;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const named =
  (collection: string, key = 'name') =>
  (data: Data, project: string): string =>
    resourceUrl([...collection.split('/'), text(data[key])], project);
const instance = named('instances');
const ofNetwork =
  (collection: 'forwards' | 'peers', key: string) =>
  (data: Data, project: string): string =>
    resourceUrl(['networks', text(data.networkName), collection, text(data[key])], project);
const zoneRecord = (data: Data, project: string): string => resourceUrl(['network-zones', text(data.zone), 'records', text(data.name)], project);
const drift = (data: Data): Record<string, unknown> => ({ rows: data.total ?? 0 });
const snapshot =
  (name: (data: Data) => unknown) =>
  (data: Data, project: string): string =>
    resourceUrl(['instances', text(data.name), 'snapshots', text(name(data))], project);
const snapshotOf = (data: Data): unknown => (data.snapshot as { name?: unknown } | undefined)?.name;
const renamed = (data: Data): Record<string, unknown> => ({ old_name: text(data.oldName) });

interface OperationData {
  description?: string;
  resources?: Record<string, string[]> | null;
  metadata?: Record<string, unknown> | null;
}
const operationOf = (data: Data): OperationData => (data.operation as OperationData | undefined) ?? {};
const SESSION_ACTIONS: Readonly<Record<string, string>> = { 'Executing command': 'instance-exec', 'Showing console': 'instance-console' };

export const LIFECYCLE: Readonly<Record<string, Entry>> = {
  InstanceCreated: { action: 'instance-created', source: instance, context: (data) => ({ 'storage-pool': 'default', type: text(data.type) }) },
  InstanceStarted: { action: 'instance-started', source: instance },
  InstanceStopped: { action: (data) => (data.reason === 'guest' ? 'instance-shutdown' : 'instance-stopped'), source: instance },
  InstanceRestarted: { action: 'instance-restarted', source: instance },
  InstanceFrozen: { action: 'instance-paused', source: instance },
  InstanceUnfrozen: { action: 'instance-resumed', source: instance },
  InstanceUpdated: { action: 'instance-updated', source: instance },
  InstanceRenamed: { action: 'instance-renamed', source: instance, context: renamed },
  InstanceRestored: { action: 'instance-restored', source: instance, context: (data) => ({ snapshot: `${text(data.name)}/${text(data.snapshotName)}` }) },
  InstanceDeleted: { action: 'instance-deleted', source: instance },
  SnapshotCreated: { action: 'instance-snapshot-created', source: snapshot(snapshotOf) },
  SnapshotUpdated: { action: 'instance-snapshot-updated', source: snapshot((data) => data.snapshotName) },
  SnapshotRenamed: {
    action: 'instance-snapshot-renamed',
    source: snapshot((data) => data.snapshotName),
    context: (data) => ({ old_name: `${text(data.name)}/${text(data.oldName)}` }),
  },
  SnapshotDeleted: { action: 'instance-snapshot-deleted', source: snapshot((data) => data.snapshotName) },
  ProfileCreated: { action: 'profile-created', source: named('profiles') },
  ProfileUpdated: { action: 'profile-updated', source: named('profiles') },
  ProfileRenamed: { action: 'profile-renamed', source: named('profiles'), context: renamed },
  ProfileDeleted: { action: 'profile-deleted', source: named('profiles') },
  ProjectCreated: { action: 'project-created', source: (data) => named('projects')(data, '') },
  ProjectUpdated: { action: 'project-updated', source: (data) => named('projects')(data, '') },
  ProjectRenamed: { action: 'project-renamed', source: (data) => named('projects')(data, ''), context: renamed },
  ProjectDeleted: { action: 'project-deleted', source: (data) => named('projects')(data, '') },
  ImageCreated: { action: 'image-created', source: named('images', 'fingerprint'), context: (data) => ({ type: text(data.type) }) },
  ImageUpdated: { action: 'image-updated', source: named('images', 'fingerprint') },
  ImageDeleted: { action: 'image-deleted', source: named('images', 'fingerprint') },
  ImageAliasCreated: { action: 'image-alias-created', source: named('images/aliases'), context: (data) => ({ target: text(data.target) }) },
  ImageAliasUpdated: { action: 'image-alias-updated', source: named('images/aliases'), context: (data) => ({ target: text(data.target) }) },
  ImageAliasRenamed: { action: 'image-alias-renamed', source: named('images/aliases'), context: renamed },
  ImageAliasDeleted: { action: 'image-alias-deleted', source: named('images/aliases') },
  CertificateAdded: { action: 'certificate-created', source: (data) => named('certificates', 'fingerprint')(data, '') },
  CertificateUpdated: { action: 'certificate-updated', source: (data) => named('certificates', 'fingerprint')(data, '') },
  CertificateRemoved: { action: 'certificate-deleted', source: (data) => named('certificates', 'fingerprint')(data, '') },
  StoragePoolCreated: { action: 'storage-pool-created', source: (data) => named('storage-pools')(data, '') },
  StoragePoolUpdated: { action: 'storage-pool-updated', source: (data) => named('storage-pools')(data, '') },
  ServerConfigUpdated: { action: 'config-updated', source: () => '/1.0' },
  MemberJoined: { action: 'cluster-member-added', source: (data) => named('cluster/members')(data, '') },
  NetworkCreated: { action: 'network-created', source: named('networks') },
  NetworkUpdated: { action: 'network-updated', source: named('networks') },
  NetworkRenamed: { action: 'network-renamed', source: named('networks'), context: renamed },
  NetworkDeleted: { action: 'network-deleted', source: named('networks') },
  // Not LXD's: OVN held something else than it should.
  NetworkDriftFound: { action: 'network-drift-found', source: named('networks'), context: drift },
  NetworkRepaired: { action: 'network-repaired', source: named('networks'), context: drift },
  NetworkAclCreated: { action: 'network-acl-created', source: named('network-acls') },
  NetworkAclUpdated: { action: 'network-acl-updated', source: named('network-acls') },
  NetworkAclRenamed: { action: 'network-acl-renamed', source: named('network-acls'), context: renamed },
  NetworkAclDeleted: { action: 'network-acl-deleted', source: named('network-acls') },
  NetworkForwardCreated: { action: 'network-forward-created', source: ofNetwork('forwards', 'listenAddress') },
  NetworkForwardUpdated: { action: 'network-forward-updated', source: ofNetwork('forwards', 'listenAddress') },
  NetworkForwardDeleted: { action: 'network-forward-deleted', source: ofNetwork('forwards', 'listenAddress') },
  NetworkPeerCreated: { action: 'network-peer-created', source: ofNetwork('peers', 'name') },
  NetworkPeerUpdated: { action: 'network-peer-updated', source: ofNetwork('peers', 'name') },
  NetworkPeerDeleted: { action: 'network-peer-deleted', source: ofNetwork('peers', 'name') },
  NetworkPeerGroupCreated: { action: 'network-peer-group-created', source: named('network-peer-groups') },
  NetworkPeerGroupUpdated: { action: 'network-peer-group-updated', source: named('network-peer-groups') },
  NetworkPeerGroupDeleted: { action: 'network-peer-group-deleted', source: named('network-peer-groups') },
  MemberUpdated: { action: 'cluster-member-updated', source: (data) => named('cluster/members')(data, '') },
  MemberEvacuated: { action: 'cluster-member-evacuated', source: (data) => named('cluster/members')(data, '') },
  MemberRestored: { action: 'cluster-member-restored', source: (data) => named('cluster/members')(data, '') },
  MemberRemoved: { action: 'cluster-member-removed', source: (data) => named('cluster/members')(data, '') },
  ClusterGroupCreated: { action: 'cluster-group-created', source: (data) => named('cluster/groups')(data, '') },
  ClusterGroupUpdated: { action: 'cluster-group-updated', source: (data) => named('cluster/groups')(data, '') },
  ClusterGroupRenamed: { action: 'cluster-group-renamed', source: (data) => named('cluster/groups')(data, ''), context: renamed },
  ClusterGroupDeleted: { action: 'cluster-group-deleted', source: (data) => named('cluster/groups')(data, '') },
  ZoneCreated: { action: 'network-zone-created', source: named('network-zones') },
  ZoneUpdated: { action: 'network-zone-updated', source: named('network-zones') },
  ZoneDeleted: { action: 'network-zone-deleted', source: named('network-zones') },
  ZoneRecordCreated: { action: 'network-zone-record-created', source: zoneRecord },
  ZoneRecordUpdated: { action: 'network-zone-record-updated', source: zoneRecord },
  ZoneRecordDeleted: { action: 'network-zone-record-deleted', source: zoneRecord },
  OperationCreated: {
    action: (data) => SESSION_ACTIONS[operationOf(data).description ?? ''],
    source: (data) => operationOf(data).resources?.instances?.[0] ?? '/1.0/instances',
    context: (data) => {
      const { command, type } = operationOf(data).metadata ?? {};
      return command === undefined ? { type: type ?? 'console' } : { command };
    },
  },
};

/** The people that a listener may see as requestors; work of the platform itself has none. */
const REQUESTOR_PROTOCOLS = new Set(['tls', 'unix']);

export function toLifecycle(event: DomainEvent): Lifecycle | undefined {
  const entry = Object.hasOwn(LIFECYCLE, event.type) ? LIFECYCLE[event.type] : undefined;
  if (!entry) return undefined;
  const action = typeof entry.action === 'string' ? entry.action : entry.action(event.data);
  if (action === undefined) return undefined;
  const context = entry.context?.(event.data);
  const requestor = event.actor && REQUESTOR_PROTOCOLS.has(event.actor.protocol) ? event.actor : undefined;
  return {
    action,
    source: entry.source(event.data, event.project),
    ...(context ? { context } : {}),
    ...(requestor ? { requestor: { username: requestor.username, protocol: requestor.protocol, address: requestor.address } } : {}),
  };
}

/** Events about the trust store: what the gateway has cached of it is stale. */
export const concernsTrust = (type: string): boolean => type.startsWith('Certificate');
