/**
 * What a project with `restricted=true` forbids. It is checked against the expanded configuration wherever an instance
 * or a profile gets one: a restricted client must not reach the host through a container's privileges or devices.
 * Everything is forbidden unless a `restricted.*` key allows it (LXD 5.0, "Project restrictions").
 */
import { WeftError, type Devices, type InstanceType } from '@weft/contracts';
import { isTrue } from './config-values';

type Config = Readonly<Record<string, string>>;

export interface RestrictedProject {
  name: string;
  config: Config;
}

export interface Restrictable {
  /** Unset for a profile: what either type may not have is refused. */
  type?: InstanceType;
  /** Expanded. */
  config: Config;
  devices: Readonly<Devices>;
}

const DEFAULTS: Config = {
  'restricted.containers.privilege': 'unprivileged',
  'restricted.devices.disk': 'managed',
  'restricted.devices.nic': 'managed',
};
const CONTAINER_LOWLEVEL =
  /^(raw\.(apparmor|idmap|lxc|seccomp)|linux\.kernel_modules|linux\.sysctl\..+|limits\.kernel\..+|security\.idmap\.(base|size)|security\.syscalls\.(allow|deny|deny_compat|deny_default))$/;
const VM_LOWLEVEL = /^raw\.(apparmor|qemu|qemu\.conf)$/;
const INTERCEPTION = /^security\.syscalls\.intercept\./;
/** Interceptions that hand the container more than an emulated system call. */
const FULL_INTERCEPTION = /^security\.syscalls\.intercept\.mount\.(allowed|fuse|shift)$/;

/** @throws WeftError `project.restricted` with the key that would have to allow it */
export function checkRestrictions(project: RestrictedProject, { type, config, devices }: Restrictable): void {
  if (!isTrue(project.config['restricted'])) return;
  for (const [key, value] of Object.entries(config)) {
    if (type !== 'virtual-machine') checkContainerKey(project, key, value);
    if (type !== 'container' && VM_LOWLEVEL.test(key)) demand(project, 'restricted.virtual-machines.lowlevel', ['allow'], `Configuration key "${key}"`);
  }
  if (type === 'container' && setting(project, 'restricted.containers.privilege') === 'isolated' && !isTrue(config['security.idmap.isolated'])) {
    refuse(project, 'restricted.containers.privilege', 'A container without "security.idmap.isolated"');
  }
  for (const [name, device] of Object.entries(devices)) checkDevice(project, name, device);
}

function checkContainerKey(project: RestrictedProject, key: string, value: string): void {
  const what = `Configuration key "${key}"`;
  if (CONTAINER_LOWLEVEL.test(key)) demand(project, 'restricted.containers.lowlevel', ['allow'], what);
  if (key === 'security.nesting' && isTrue(value)) demand(project, 'restricted.containers.nesting', ['allow'], what);
  if (key === 'security.privileged' && isTrue(value)) demand(project, 'restricted.containers.privilege', ['allow'], what);
  if (FULL_INTERCEPTION.test(key)) demand(project, 'restricted.containers.interception', ['full'], what);
  else if (INTERCEPTION.test(key) && isTrue(value)) demand(project, 'restricted.containers.interception', ['allow', 'full'], what);
}

function checkDevice(project: RestrictedProject, name: string, device: Readonly<Record<string, string>>): void {
  const { type = '', path, pool, source = '' } = device;
  const what = `Device "${name}" of type "${type}"`;
  // Nothing runs without a root disk, and "none" takes a device away.
  if (type === 'none' || (type === 'disk' && path === '/')) return;
  // Whoever names a host path names the host, pool or not.
  if (type === 'disk')
    return pool && !source.startsWith('/') ? demand(project, 'restricted.devices.disk', ['allow', 'managed'], what) : checkHostPath(project, source, what);
  if (type === 'nic') return checkNic(project, device.network ?? '', what);
  demand(project, `restricted.devices.${type}`, ['allow'], what);
}

/** `restricted.networks.access` names the only networks that may be used; unset, all that the project sees. */
function checkNic(project: RestrictedProject, network: string, what: string): void {
  demand(project, 'restricted.devices.nic', network ? ['allow', 'managed'] : ['allow'], what);
  const allowed = project.config['restricted.networks.access'];
  if (network === '' || !allowed) return;
  if (!allowed.split(',').some((name) => name.trim() === network)) refuse(project, 'restricted.networks.access', `${what} on the network "${network}"`);
}

/** A disk that shows a directory of the host. */
function checkHostPath(project: RestrictedProject, source: string, what: string): void {
  demand(project, 'restricted.devices.disk', ['allow'], what);
  const allowed = project.config['restricted.devices.disk.paths'];
  if (!allowed) return;
  const inside = allowed.split(',').some((base) => isWithin(base.trim(), source));
  if (!inside) refuse(project, 'restricted.devices.disk.paths', `${what} with the source "${source}"`);
}

function isWithin(base: string, path: string): boolean {
  if (base === '' || path.split('/').includes('..')) return false;
  const prefix = base.endsWith('/') ? base : `${base}/`;
  return path === base || path.startsWith(prefix);
}

export function checkSnapshotsAllowed(project: RestrictedProject): void {
  if (isTrue(project.config['restricted'])) demand(project, 'restricted.snapshots', ['allow'], 'A snapshot');
}

/** `?target=`: the client chooses the member. */
/** @param group the cluster group that was chosen, "" for a member */
export function checkTargetAllowed(project: RestrictedProject, group: string): void {
  if (!isTrue(project.config['restricted'])) return;
  const groups = (project.config['restricted.cluster.groups'] ?? '').split(',').flatMap((name) => name.trim() || []);
  if (group && groups.includes(group)) return;
  demand(project, 'restricted.cluster.target', ['allow'], group ? `Choosing the cluster group "${group}"` : 'Choosing a member');
}

const setting = (project: RestrictedProject, key: string): string => project.config[key] ?? DEFAULTS[key] ?? 'block';

function demand(project: RestrictedProject, key: string, allowed: readonly string[], what: string): void {
  if (!allowed.includes(setting(project, key))) refuse(project, key, what);
}

function refuse(project: RestrictedProject, key: string, what: string): never {
  throw new WeftError('project.restricted', `${what} is forbidden in project "${project.name}" (${key} is "${setting(project, key)}")`);
}
