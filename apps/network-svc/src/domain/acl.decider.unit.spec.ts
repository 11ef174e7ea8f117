import type { AclRule, NetworkAclEvent } from '@weft/contracts';
import { decideAcl, type AclCommand } from './acl.decider';
import { aclEtag, aclFold } from './acl.state';

const rule = (fields: Partial<AclRule>): AclRule => ({
  action: 'allow',
  source: '',
  destination: '',
  protocol: '',
  source_port: '',
  destination_port: '',
  icmp_type: '',
  icmp_code: '',
  description: '',
  state: '',
  ...fields,
});
const names = { acls: new Set(['acl1', 'web']), peers: new Set(['blue/to-red']) };
const given = (...events: NetworkAclEvent[]) => ({
  when: (command: AclCommand) => decideAcl(command, events.reduce(aclFold.evolve, aclFold.initial)),
});
const create = (ingress: AclRule[], egress: AclRule[] = [], name = 'acl1'): AclCommand => ({
  type: 'create',
  aclId: 'a',
  project: 'default',
  name,
  number: 1,
  description: '',
  config: {},
  ingress,
  egress,
  names,
});

describe('rules', () => {
  it('may use every selector, on the side that is not the NIC', () => {
    const ingress = [
      rule({ source: '10.0.0.0/8', protocol: 'tcp', destination_port: '22,80-90', state: 'logged' }),
      rule({ source: '10.1.1.1-10.1.1.9, fd42::1' }),
      rule({ source: '@internal' }),
      rule({ source: '@external', action: 'drop' }),
      rule({ source: '@blue/to-red' }),
      rule({ source: 'web', action: 'reject' }),
    ];
    const egress = [rule({ destination: 'acl1', protocol: 'icmp4', icmp_type: '8', icmp_code: '0' })];
    const [event] = given().when(create(ingress, egress));
    expect(event?.data).toMatchObject({ ingress: [{ state: 'logged' }, { source: '10.1.1.1-10.1.1.9,fd42::1', state: 'enabled' }, {}, {}, {}, {}] });
  });

  it.each<[Partial<AclRule>, string]>([
    [{ action: 'nope' }, 'Invalid ingress rule 0: Action must be one of: allow, drop, reject'],
    [{ state: 'on' }, 'State must be one of'],
    [{ protocol: 'sctp' }, 'Protocol must be one of'],
    [{ destination_port: '80' }, 'Invalid ingress rule 0: Destination port cannot be used without specifying protocol'],
    [{ protocol: 'icmp4', source_port: '80' }, 'Source port cannot be used with "icmp4" protocol'],
    [{ protocol: 'tcp', destination_port: '90-80' }, 'Invalid port range "90-80"'],
    [{ protocol: 'tcp', destination_port: '0' }, 'Invalid port range "0"'],
    [{ protocol: 'udp', destination_port: '1,70000' }, 'Invalid port range "70000"'],
    [{ source: 'nosuchacl' }, 'Invalid ingress rule 0: Invalid Source: Invalid subject "nosuchacl"'],
    [{ source: '@blue/none' }, 'Invalid subject "@blue/none"'],
    [{ destination: 'web' }, 'Invalid Destination: Invalid subject "web"'],
    [{ source: '10.0.0.1', destination: 'fd42::1' }, 'Conflicting IP family types'],
    [{ source: 'fd42::1', protocol: 'icmp4' }, 'Cannot use IPv6 addresses'],
    [{ icmp_type: '8' }, 'can only be used with the protocols icmp4 and icmp6'],
    [{ protocol: 'icmp6', icmp_type: '300' }, 'from 0 to 255'],
    [{ protocol: 'icmp6', icmp_code: '1' }, 'without ICMP type'],
  ])('are refused: %j', (fields, words) => {
    expect(() => given().when(create([rule(fields)]))).toThrow(words);
  });

  it('are refused twice, even when described otherwise', () => {
    const twice = [rule({ source: '@external' }), rule({ source: '@external', description: 'again' })];
    expect(() => given().when(create(twice))).toThrow('Duplicate of ingress rule 0');
  });
});

describe('an ACL', () => {
  const [created] = given().when(create([])) as [Extract<NetworkAclEvent, { type: 'NetworkAclCreated' }>];

  it.each(['', '@bad', '#x', 'a_b', '12', '-a', 'x'.repeat(64)])('is refused the name %j', (name) => {
    expect(() => given().when(create([], [], name))).toThrow(expect.objectContaining({ code: 'network-acl.invalid' }));
  });

  it('has the etag that LXD gives it', () => {
    expect(aclEtag(created.data)).toMatch(/^2f2b66de5f041958/);
    const logged = rule({ source: '10.0.0.0/8', protocol: 'tcp', destination_port: '22,80-90', description: 'ssh', state: 'logged' });
    expect(aclEtag({ ...created.data, ingress: [logged] })).toMatch(/^8f77a4e6deea8b2e/);
  });

  it('is replaced or merged, by who saw the present version', () => {
    const change: AclCommand = { type: 'update', mode: 'merge', ingress: [rule({})], names };
    expect(given(created).when(change)[0]?.data).toMatchObject({ ingress: [{ state: 'enabled' }], egress: [] });
    expect(() => given(created).when({ ...change, ifMatch: 'old' })).toThrow(expect.objectContaining({ code: 'etag.mismatch' }));
    expect(() => given(created).when({ ...change, config: { foo: 'bar' } })).toThrow('Invalid option "foo"');
  });

  it('stays while it is used', () => {
    expect(() => given(created).when({ type: 'delete', inUse: true })).toThrow('Cannot delete an ACL that is in use');
    expect(() => given(created).when({ type: 'rename', newName: 'x', inUse: true })).toThrow('Cannot rename an ACL that is in use');
    expect(given(created).when({ type: 'rename', newName: 'x', inUse: false })[0]?.data).toMatchObject({ oldName: 'acl1', name: 'x' });
    expect(given(created).when({ type: 'delete', inUse: false })[0]?.type).toBe('NetworkAclDeleted');
  });
});
