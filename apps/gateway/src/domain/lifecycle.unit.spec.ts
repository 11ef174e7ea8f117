import * as contracts from '@weft/contracts';
import { LIFECYCLE, toLifecycle, type DomainEvent } from './lifecycle';

const event = (type: string, data: Record<string, unknown>, changes: Partial<DomainEvent> = {}): DomainEvent => ({
  type,
  project: 'default',
  data,
  time: '2026-01-01T00:00:00Z',
  ...changes,
});

describe('toLifecycle', () => {
  it.each([
    ['InstanceStarted', { name: 'c1' }, { action: 'instance-started', source: '/1.0/instances/c1' }],
    [
      'InstanceCreated',
      { name: 'c1', type: 'container' },
      { action: 'instance-created', source: '/1.0/instances/c1', context: { 'storage-pool': 'default', type: 'container' } },
    ],
    ['InstanceStopped', { name: 'c1', reason: 'guest' }, { action: 'instance-shutdown', source: '/1.0/instances/c1' }],
    ['InstanceStopped', { name: 'c1', reason: 'requested' }, { action: 'instance-stopped', source: '/1.0/instances/c1' }],
    ['InstanceRenamed', { name: 'c5', oldName: 'c3' }, { action: 'instance-renamed', source: '/1.0/instances/c5', context: { old_name: 'c3' } }],
    ['InstanceRestored', { name: 'z2', snapshotName: 'sn2' }, { action: 'instance-restored', source: '/1.0/instances/z2', context: { snapshot: 'z2/sn2' } }],
    ['SnapshotCreated', { name: 'c1', snapshot: { name: 's0' } }, { action: 'instance-snapshot-created', source: '/1.0/instances/c1/snapshots/s0' }],
    [
      'SnapshotRenamed',
      { name: 'z2', oldName: 'sn', snapshotName: 'sn2' },
      { action: 'instance-snapshot-renamed', source: '/1.0/instances/z2/snapshots/sn2', context: { old_name: 'z2/sn' } },
    ],
    ['ImageAliasCreated', { name: 'bb', target: 'd9' }, { action: 'image-alias-created', source: '/1.0/images/aliases/bb', context: { target: 'd9' } }],
    ['NetworkRenamed', { name: 'blue', oldName: 'red' }, { action: 'network-renamed', source: '/1.0/networks/blue', context: { old_name: 'red' } }],
    ['NetworkAclCreated', { name: 'web' }, { action: 'network-acl-created', source: '/1.0/network-acls/web' }],
    [
      'NetworkForwardDeleted',
      { networkName: 'blue', listenAddress: '192.0.2.9' },
      { action: 'network-forward-deleted', source: '/1.0/networks/blue/forwards/192.0.2.9' },
    ],
    ['NetworkPeerCreated', { networkName: 'blue', name: 'to-red' }, { action: 'network-peer-created', source: '/1.0/networks/blue/peers/to-red' }],
    ['ServerConfigUpdated', { config: {} }, { action: 'config-updated', source: '/1.0' }],
  ])('%s reads as LXD records it', (type, data, expected) => {
    expect(toLifecycle(event(type, data))).toEqual(expected);
  });

  it('names the project in URLs, unless it is the default one, and never for projects themselves', () => {
    expect(toLifecycle(event('InstanceDeleted', { name: 'pc1' }, { project: 'proj2' }))?.source).toBe('/1.0/instances/pc1?project=proj2');
    expect(toLifecycle(event('ProjectCreated', { name: 'proj2' }, { project: 'proj2' }))?.source).toBe('/1.0/projects/proj2');
  });

  it('tells who asked, when it was a person', () => {
    const actor = { protocol: 'tls', username: 'f00', address: '10.0.0.1:5' };
    expect(toLifecycle(event('InstanceStarted', { name: 'c1' }, { actor }))?.requestor).toEqual({ username: 'f00', protocol: 'tls', address: '10.0.0.1:5' });
    expect(toLifecycle(event('InstanceStarted', { name: 'c1' }, { actor: { ...actor, protocol: 'service' } }))).not.toHaveProperty('requestor');
  });

  it('shows exec and console, and no other operation', () => {
    const operation = { description: 'Executing command', resources: { instances: ['/1.0/instances/c1'] }, metadata: { command: ['echo', 'hi'] } };
    expect(toLifecycle(event('OperationCreated', { operation }))).toEqual({
      action: 'instance-exec',
      source: '/1.0/instances/c1',
      context: { command: ['echo', 'hi'] },
    });
    expect(toLifecycle(event('OperationCreated', { operation: { ...operation, description: 'Starting instance' } }))).toBeUndefined();
  });

  it.each(['InstanceLocked', 'OperationCompleted', 'constructor', ''])('has nothing to say about %j', (type) =>
    expect(toLifecycle(event(type, {}))).toBeUndefined(),
  );

  it('maps only events that exist', () => {
    const catalogues = Object.entries(contracts).filter(([name]) => name.endsWith('Events'));
    const known = new Set(catalogues.flatMap(([, catalogue]) => Object.keys(catalogue)));
    expect(Object.keys(LIFECYCLE).filter((type) => !known.has(type))).toEqual([]);
  });
});
