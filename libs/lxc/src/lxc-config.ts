/**
 * liblxc's configuration file (lxc.container.conf(5)) from typed values. Pure.
 *
 * The file is a list of `key = value` lines, so a line break inside a value would start a new key: every value is
 * checked, and the one place where free text is allowed (`raw`) is named.
 */
export interface IdMapping {
  /** First id on the host; ids 0..size-1 of the container become base..base+size-1. */
  base: number;
  size: number;
}

export interface MountEntry {
  /** Absolute path on the host, or a file system type's pseudo device. */
  source: string;
  /** Absolute path in the container. */
  target: string;
  fsType: string;
  options: readonly string[];
}

export interface LxcConfig {
  hostname: string;
  architecture?: string;
  rootfs: string;
  /** Unset: a privileged container that shares the host's ids. */
  idmap?: IdMapping;
  mountAuto: readonly string[];
  mounts: readonly MountEntry[];
  dropCapabilities: readonly string[];
  seccompProfile?: string;
  apparmor?: { profile: string; allowNesting: boolean };
  /** Names of the cgroups below the hierarchy's root. */
  cgroups: { monitor: string; container: string };
  /** `lxc.cgroup.<key>` or `lxc.cgroup2.<key>`, in this order. */
  cgroupValues: readonly { version: 1 | 2; key: string; value: string }[];
  sysctls: Readonly<Record<string, string>>;
  environment: Readonly<Record<string, string>>;
  resourceLimits: Readonly<Record<string, string>>;
  console: { logFile: string; maxBytes: number };
  /** Programs that run on the host, in the monitor's namespaces, when a container's own namespaces are there and its init is not; LXC_PID names it. */
  startHooks: readonly string[];
  /** All of the container shares its processor cores with nobody else (liblxc 4.0.11); fails where the kernel cannot. */
  coreScheduling?: boolean;
  /** Signal that asks init to power off; liblxc's own default is SIGPWR. */
  haltSignal?: string;
  /** `raw.lxc`: lines as the user wrote them, last, so that they win. */
  raw: string;
}

/** The text of the file. Throws `RangeError` for a value that would break out of its line. */
export function renderLxcConfig(config: LxcConfig): string {
  const lines = [
    line('lxc.uts.name', config.hostname),
    ...optional('lxc.arch', config.architecture),
    line('lxc.rootfs.path', `dir:${config.rootfs}`),
    ...idmapLines(config.idmap),
    line('lxc.autodev', '1'),
    line('lxc.pty.max', '1024'),
    line('lxc.tty.max', '0'),
    line('lxc.net.0.type', 'empty'),
    line('lxc.mount.auto', config.mountAuto.join(' ')),
    ...config.mounts.map((mount) => line('lxc.mount.entry', mountEntry(mount))),
    ...config.dropCapabilities.map((name) => line('lxc.cap.drop', name)),
    ...optional('lxc.seccomp.profile', config.seccompProfile),
    ...(config.apparmor ? apparmorLines(config.apparmor) : []),
    ...optional('lxc.signal.halt', config.haltSignal),
    ...(config.coreScheduling ? [line('lxc.sched.core', '1')] : []),
    ...config.startHooks.map((path) => line('lxc.hook.start-host', shellWord(path))),
    line('lxc.cgroup.dir.monitor', config.cgroups.monitor),
    line('lxc.cgroup.dir.container', config.cgroups.container),
    ...config.cgroupValues.map(({ version, key, value }) => line(`lxc.cgroup${version === 2 ? '2' : ''}.${key}`, value)),
    ...entries('lxc.sysctl', config.sysctls),
    ...entries('lxc.prlimit', config.resourceLimits),
    ...Object.entries(config.environment).map(([name, value]) => line('lxc.environment', `${name}=${value}`)),
    line('lxc.console.logfile', config.console.logFile),
    line('lxc.console.size', String(config.console.maxBytes)),
    line('lxc.console.rotate', '1'),
  ];
  return [...lines, ...(config.raw.trim() === '' ? [] : ['', config.raw.trimEnd()]), ''].join('\n');
}

/**
 * One line of fstab(5) as liblxc reads it. The target is relative, which liblxc resolves below the container's root
 * without following links out of it.
 */
export function mountEntry(mount: MountEntry): string {
  return [fstabField(mount.source), fstabField(mount.target.replace(/^\/+/, '')), mount.fsType, mount.options.join(','), '0', '0'].join(' ');
}

/** fstab(5): blanks and backslashes are written as octal escapes. */
const fstabField = (text: string): string => text.replace(/[\\ \t\n]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);

function line(key: string, value: string): string {
  if (/[\n\r\0]/.test(key + value)) throw new RangeError(`${key}: a line break or NUL is not possible here`);
  return `${key} = ${value}`;
}

/** liblxc hands hooks to sh(1). */
const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const optional = (key: string, value: string | undefined): string[] => (value === undefined ? [] : [line(key, value)]);

const entries = (prefix: string, values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).map(([key, value]) => line(`${prefix}.${key}`, value));

const idmapLines = (idmap: IdMapping | undefined): string[] =>
  idmap ? ['u', 'g'].map((kind) => line('lxc.idmap', `${kind} 0 ${idmap.base} ${idmap.size}`)) : [];

const apparmorLines = ({ profile, allowNesting }: { profile: string; allowNesting: boolean }): string[] => [
  line('lxc.apparmor.profile', profile),
  ...(allowNesting ? [line('lxc.apparmor.allow_nesting', '1')] : []),
];
