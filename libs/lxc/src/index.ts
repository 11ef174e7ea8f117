export { type IdMapping, type LxcConfig, type MountEntry, mountEntry, renderLxcConfig } from './lxc-config';
export { type AttachOptions, type CommandLine, Lxc, type LxcOptions, LxcToolError } from './lxc-tools';
export { type CgroupLayout, type Controller, Cgroups, parseCgroupMounts } from './cgroups';
export { childrenOf, LxcProcesses, type RunningContainer } from './lxc-processes';
export { type InitExit, firstErrors, lastInitExit } from './lxc-log';
export { seccompPolicy } from './seccomp-policy';
