import { promises as fs } from 'node:fs';
import type { InstanceSpec } from '@weft/contracts';
import type { Lxc } from '@weft/lxc';
import type { ConsoleConnection } from '../driver';
import type { ContainerFiles } from './container-files';
import { type PtyProcess, type PtySize, startOnPty } from './pty-stream';

const CTRL_A = 0x01;
/** Ours, and the one between lxc-console and the monitor. */
const LAYERS = 2;

/** Attached consoles of this process; liblxc lets in one at a time. */
export class ContainerConsole {
  private readonly attached = new Map<string, PtyProcess>();

  constructor(private readonly lxc: Lxc) {}

  /**
   * Takes the console over from whoever has it. liblxc does not pass the window size on to the guest's console, so it
   * is set there directly.
   */
  async attach(spec: InstanceSpec, size: PtySize, root: ContainerFiles): Promise<ConsoleConnection> {
    await this.detach(spec.id);
    const pty = startOnPty(this.lxc.consoleCommand(spec.id), { size, cwd: '/', layers: LAYERS, input: literal });
    this.attached.set(spec.id, pty);
    void pty.exit.then(() => this.attached.get(spec.id) === pty && this.attached.delete(spec.id));
    const resize = (width: number, height: number): void => void root.setWindowSize('/dev/console', width, height).catch(() => undefined);
    await root.setWindowSize('/dev/console', size.width, size.height).catch(() => undefined);
    return { stream: pty.stream, resize, close: () => pty.kill() };
  }

  private async detach(instanceId: string): Promise<void> {
    const earlier = this.attached.get(instanceId);
    if (!earlier) return;
    earlier.kill();
    await earlier.exit;
  }
}

/** Ctrl-A starts lxc-console's own commands; doubled, it is a plain Ctrl-A. */
function literal(chunk: Buffer): Buffer {
  if (!chunk.includes(CTRL_A)) return chunk;
  return Buffer.from([...chunk].flatMap((byte) => (byte === CTRL_A ? [byte, byte] : [byte])));
}

/** The newest `maxBytes` of a console log that liblxc rotates once (`<file>.1` is the older part). */
export async function readConsoleLog(file: string, maxBytes: number): Promise<string> {
  const parts = await Promise.all([`${file}.1`, file].map((name) => fs.readFile(name).catch(() => Buffer.alloc(0))));
  return Buffer.concat(parts).subarray(-maxBytes).toString();
}

/** liblxc keeps the file open for appending, so it is emptied and not removed. */
export async function clearConsoleLog(file: string): Promise<void> {
  await fs.rm(`${file}.1`, { force: true });
  await fs.truncate(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
