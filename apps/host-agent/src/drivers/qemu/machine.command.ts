/**
 * The command line of one virtual machine. Pure: same plan, same line, so the guest's hardware never changes by
 * itself. PCI addresses are fixed, and a device that comes or goes moves no other.
 *
 *   00:02 rng   00:03 balloon   00:04 serial ports (guest agent)   00:05 root disk   00:06.. extra disks
 *   00:1d.0 to .7 root ports, a network device behind each   00:1e seed
 */
import type { Firmware } from './firmware';
import { NIC_SLOTS, type GuestAbi } from './guest-abi';
import { nicDevice, tapBackend } from './machine-nic';
import { SOCKETS, type VmPaths } from './vm-paths';

export interface ExtraDisk {
  name: string;
  source: string;
  format: 'raw' | 'qcow2';
  /** A block device, not a file. */
  host: boolean;
  readonly: boolean;
}

export interface MachinePlan {
  id: string;
  name: string;
  abi: GuestAbi;
  firmware: Firmware;
  extraDisks: readonly ExtraDisk[];
  /** The host's end of each network device of the abi; one without has no cable. */
  taps: Readonly<Record<string, string>>;
  paths: VmPaths;
  /** Its memory comes from another QEMU or a file: it waits for `migrate-incoming`. */
  incoming: boolean;
}

export const MOST_EXTRA_DISKS = 0x1d - 0x06;
/** virtio-blk serial numbers have 20 bytes; the guest finds the disk as /dev/disk/by-id/virtio-<serial>. */
export const serialOf = (name: string): string => `weft_${name}`.slice(0, 20);

export function machineArguments(plan: MachinePlan): string[] {
  return [
    // Neither monitor nor devices that nobody asked for; a guest that breaks out of QEMU can start no program.
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-name', `guest=${commaFree(plan.name)}`, '-uuid', plan.id, '-pidfile', plan.paths.pid],
    // Waits for `cont`: whoever starts the machine decides when everything around it is ready.
    '-S',
    ...machine(plan),
    ...firmware(plan),
    ...['-rtc', 'base=utc,driftfix=slew'],
    ...monitors(),
    ...consoleAndAgent(plan.paths),
    ...['-object', 'rng-random,id=entropy,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=entropy,addr=0x2'],
    ...['-device', 'virtio-balloon-pci,id=balloon,addr=0x3'],
    ...rootDisk(plan.paths.disk),
    ...plan.extraDisks.flatMap(extraDisk),
    ...rootPorts(),
    ...Object.entries(plan.abi.nics).flatMap(([device, nic]) => networkDevice(nic, plan.taps[device])),
    ...seed(plan.paths.seed),
    ...(plan.incoming ? ['-incoming', 'defer'] : []),
  ];
}

function machine({ abi, firmware: { secureBoot } }: MachinePlan): string[] {
  // Secure boot needs system management mode to protect its variables; without it, SMM only costs time.
  const machineType = `${abi.machineType},accel=${abi.accelerator},smm=${secureBoot ? 'on' : 'off'},usb=off,vmport=off`;
  const secure = secureBoot ? ['-global', 'driver=cfi.pflash01,property=secure,value=on', '-global', 'ICH9-LPC.disable_s3=1'] : [];
  return [
    '-machine',
    machineType,
    '-cpu',
    abi.cpuModel,
    '-smp',
    `cpus=${abi.cpus},maxcpus=${abi.maxCpus},sockets=1,cores=${abi.maxCpus},threads=1`,
    '-m',
    `size=${abi.memoryBytes / 1024 ** 2}M`,
    ...secure,
  ];
}

function firmware({ firmware: { code }, paths }: MachinePlan): string[] {
  const flash = (unit: number, file: string, readonly: boolean) => [
    '-drive',
    `if=pflash,format=raw,unit=${unit},readonly=${readonly ? 'on' : 'off'},file=${escapeCommas(file)}`,
  ];
  return [...flash(0, code, true), ...flash(1, paths.nvram, false)];
}

/** Relative names: QEMU runs in the instance's directory, and the path of a socket must be short (unix(7)). */
const socket = (name: string) => `path=${name},server=on,wait=off`;

function monitors(): string[] {
  const monitor = (id: string, name: string) => ['-chardev', `socket,id=${id},${socket(name)}`, '-mon', `chardev=${id},mode=control`];
  return [...monitor('control', SOCKETS.control), ...monitor('events', SOCKETS.events)];
}

function consoleAndAgent(paths: VmPaths): string[] {
  return [
    ...['-chardev', `socket,id=console,${socket(SOCKETS.console)},logfile=${escapeCommas(paths.consoleLog)},logappend=on`, '-serial', 'chardev:console'],
    ...['-device', 'virtio-serial-pci,id=ports,addr=0x4', '-chardev', `socket,id=qga,${socket(SOCKETS.agent)}`],
    ...['-device', 'virtserialport,bus=ports.0,chardev=qga,name=org.qemu.guest_agent.0'],
  ];
}

const blockdev = (options: object) => ['-blockdev', JSON.stringify(options)];

function rootDisk(path: string): string[] {
  return [
    ...blockdev({ driver: 'file', 'node-name': 'root-file', filename: path, 'read-only': false, discard: 'unmap', cache: { direct: false } }),
    ...blockdev({ driver: 'qcow2', 'node-name': 'root', file: 'root-file', discard: 'unmap' }),
    ...['-device', `virtio-blk-pci,id=root-disk,drive=root,addr=0x5,bootindex=0,serial=${serialOf('root')}`],
  ];
}

function extraDisk({ name, source, format, host, readonly }: ExtraDisk, index: number): string[] {
  const node = `disk${index}`;
  const file = { driver: host ? 'host_device' : 'file', 'node-name': `${node}-file`, filename: source, 'read-only': readonly, discard: 'unmap' };
  return [
    ...blockdev(file),
    ...blockdev({ driver: format, 'node-name': node, file: `${node}-file`, 'read-only': readonly }),
    ...['-device', `virtio-blk-pci,id=${node}-device,drive=${node},addr=0x${(0x06 + index).toString(16)},serial=${escapeCommas(serialOf(name))}`],
  ];
}

/** Only behind such a port a device can be plugged in and out of a q35 that runs. */
const rootPorts = (): string[] =>
  Array.from({ length: NIC_SLOTS }, (_, slot) => [
    '-device',
    `pcie-root-port,id=nic-port${slot},bus=pcie.0,addr=0x1d.${slot},chassis=${slot + 1}${slot === 0 ? ',multifunction=on' : ''}`,
  ]).flat();

const networkDevice = (nic: GuestAbi['nics'][string], tap: string | undefined): string[] => [
  ...(tap === undefined ? [] : ['-netdev', JSON.stringify(tapBackend(nic, tap))]),
  ...['-device', JSON.stringify(nicDevice(nic, tap !== undefined))],
];

function seed(path: string): string[] {
  return [
    ...blockdev({ driver: 'file', 'node-name': 'seed-file', filename: path, 'read-only': true }),
    ...blockdev({ driver: 'raw', 'node-name': 'seed', file: 'seed-file', 'read-only': true }),
    ...['-device', `virtio-blk-pci,id=seed-disk,drive=seed,addr=0x1e,serial=${serialOf('seed')}`],
  ];
}

/** In QEMU's option strings a comma is written twice. */
const escapeCommas = (text: string): string => text.replaceAll(',', ',,');
const commaFree = (text: string): string => text.replaceAll(',', '_');
