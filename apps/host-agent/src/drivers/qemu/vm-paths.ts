import { join } from 'node:path';

/**
 * Files of one virtual machine, beside each other in its directory:
 *
 *   vm.json         what the driver knows (vm-record.ts)
 *   disk.qcow2      root disk: differences to base.qcow2
 *   base.qcow2      the image's disk (hard link, never written), so that an image can be deleted
 *   nvram.fd        UEFI variables
 *   seed.img        NoCloud data, made at each cold start
 *   state.bin       the guest's memory, from a stateful stop until it goes on (vm-saved-state.ts)
 *   qemu.pid exit   written by QEMU, and by the shell that waits for it
 *   *.sock          control: short commands; events: who listens; console; qga: guest agent
 *   log/            qemu.log console.log events.log
 *   snapshots/<id>/ disk.qcow2 base.qcow2 nvram.fd, of a stateful one state.bin and abi.json
 */
export interface VmPaths {
  dir: string;
  record: string;
  pid: string;
  exit: string;
  seed: string;
  nvram: string;
  disk: string;
  state: string;
  logDir: string;
  qemuLog: string;
  consoleLog: string;
  eventLog: string;
  snapshots: string;
  snapshot(id: string): string;
}

export const SOCKETS = { control: 'control.sock', events: 'events.sock', console: 'console.sock', agent: 'qga.sock' } as const;

export function vmPaths(dir: string): VmPaths {
  const logDir = join(dir, 'log');
  return {
    dir,
    record: join(dir, 'vm.json'),
    pid: join(dir, 'qemu.pid'),
    exit: join(dir, 'exit'),
    seed: join(dir, 'seed.img'),
    nvram: join(dir, 'nvram.fd'),
    disk: join(dir, 'disk.qcow2'),
    state: join(dir, 'state.bin'),
    logDir,
    qemuLog: join(logDir, 'qemu.log'),
    consoleLog: join(logDir, 'console.log'),
    eventLog: join(logDir, 'events.log'),
    snapshots: join(dir, 'snapshots'),
    snapshot: (id) => join(dir, 'snapshots', id),
  };
}
