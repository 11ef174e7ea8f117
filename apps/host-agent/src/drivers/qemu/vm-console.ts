import { open, stat, truncate, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { WeftError } from '@weft/contracts';
import type { ConsoleConnection } from '../driver';
import { connectSocket } from './vm-monitor';
import { SOCKETS, type VmPaths } from './vm-paths';
import { findProcess } from './vm-process';

/** What `consoleLog` gives at most, bytes; the file may grow to twice as much before its beginning is dropped. */
const KEPT_BYTES = 512 * 1024;

/**
 * Serial consoles: QEMU records everything to a file whether or not somebody is attached, and serves one client at a
 * time. The last one to come owns it.
 */
export class VmConsoles {
  private readonly owners = new Map<string, Socket>();

  async attach(id: string, paths: VmPaths): Promise<ConsoleConnection> {
    if ((await findProcess(paths)) === undefined) throw new WeftError('instance.wrong-status', 'The instance is not running');
    const earlier = this.owners.get(id);
    if (earlier && !earlier.destroyed) await new Promise<void>((resolve) => earlier.once('close', () => resolve()).destroy());
    const socket = await connectSocket(paths, SOCKETS.console).catch((error: unknown) => {
      throw new WeftError('instance.wrong-status', 'The console of this instance does not answer', { cause: error });
    });
    this.owners.set(id, socket);
    socket.once('close', () => this.owners.get(id) === socket && this.owners.delete(id));
    // A serial line has no size.
    return { stream: socket, resize: () => undefined, close: () => void socket.destroy() };
  }
}

export async function readConsoleLog({ consoleLog }: VmPaths): Promise<string> {
  await trimConsoleLog(consoleLog);
  return (await tail(consoleLog, KEPT_BYTES)).toString();
}

/** QEMU appends (O_APPEND), so it goes on at the new end. */
export async function clearConsoleLog({ consoleLog }: VmPaths): Promise<void> {
  await truncate(consoleLog).catch(ignoreMissing);
}

/** Keeps the file bounded; a few bytes written at this very moment may be lost. */
export async function trimConsoleLog(path: string): Promise<void> {
  const size = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  if (size <= 2 * KEPT_BYTES) return;
  const kept = await tail(path, KEPT_BYTES);
  await truncate(path);
  await writeFile(path, kept, { flag: 'a' });
}

async function tail(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, 'r').catch(ignoreMissing);
  if (!file) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, bytes)), 0, Math.min(size, bytes), Math.max(0, size - bytes));
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
