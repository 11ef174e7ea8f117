/**
 * Runs the tools that read images: decompressors, tar, unsquashfs, qemu-img.
 *
 * They read what strangers have made, so they run without a shell, with a bounded address space and processor time
 * (`prlimit`), and die with the work that they are for.
 */
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { WeftError } from '@weft/contracts';
import { diskFull, SAYS_DISK_FULL } from '../files/disk-full';

export interface Tool {
  stdin: Writable;
  stdout: Readable;
  /** Resolves when it ended well; rejects with what it said. */
  done: Promise<void>;
  kill(): void;
}

const ADDRESS_SPACE_BYTES = 4 * 1024 ** 3;
const CPU_SECONDS = 3600;
const MAX_ERROR_TEXT = 2_000;

export function runTool(command: readonly string[]): Tool {
  const child = spawn('prlimit', [`--as=${ADDRESS_SPACE_BYTES}`, `--cpu=${CPU_SECONDS}`, '--core=0', '--', ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LANG: 'C' },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < MAX_ERROR_TEXT) said += chunk.toString();
  });
  const done = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else if (SAYS_DISK_FULL.test(said)) reject(diskFull());
      else reject(new WeftError('image.invalid', `${command[0]} failed: ${said.trim().slice(0, MAX_ERROR_TEXT) || (signal ?? `exit code ${code}`)}`));
    });
  });
  // Whoever needs the outcome awaits `done`; a tool that is killed on the way must not end the process.
  done.catch(() => undefined);
  // The reader may leave early (EPIPE); the exit code tells.
  child.stdin.on('error', () => undefined);
  return { stdin: child.stdin, stdout: child.stdout, done, kill: () => child.kill('SIGKILL') };
}

/** Runs a tool to its end and returns what it printed, at most `limitBytes`. */
export async function toolOutput(command: readonly string[], limitBytes = 16 * 1024 * 1024): Promise<string> {
  const tool = runTool(command);
  tool.stdin.end();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of tool.stdout) {
    size += (chunk as Buffer).length;
    if (size > limitBytes) {
      tool.kill();
      throw new WeftError('image.invalid', `${command[0]} says more than ${limitBytes} bytes about the image`);
    }
    chunks.push(chunk as Buffer);
  }
  await tool.done;
  return Buffer.concat(chunks).toString();
}
