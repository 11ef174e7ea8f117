import type { InstanceSpec } from '@weft/contracts';
import type { Driver, ExecProcess, GuestFiles } from './driver';

/** What the contract suite needs to know about the driver that it examines. */
export interface ContractSubject {
  /** A new driver object over the same directory each time, as a restarted agent makes it. */
  open(): Promise<Driver>;
  /** An image that the driver can boot. */
  imageFingerprint: string;
  /** The complete spec of a new instance (new id) with this name. */
  spec(name: string): InstanceSpec;
  /** How long a polite stop may take before the suite calls it a failure. */
  stopTimeoutSeconds: number;
  can: {
    exec: boolean;
    freeze: boolean;
    /** `always`: for stopped instances too. */
    files: 'always' | 'running' | 'never';
  };
  /** Unset where the driver has no switch for network devices. */
  nics?: {
    /** iface-id of every port of the guest, sorted, as the switch has them. */
    plugged(instanceId: string): Promise<string[]>;
    /** Throws unless packets travel between the guest's interface and the host; unset where there are no packets. */
    reach?(driver: Driver, spec: InstanceSpec, guestName: string): Promise<void>;
  };
  /** Makes the guest halt itself, from inside; unset when the guest offers no way. */
  haltFromInside?(driver: Driver, spec: InstanceSpec): Promise<void>;
  /** Resolves when a started guest answers (exec, files); unset when that is at once. */
  untilReady?(driver: Driver, spec: InstanceSpec): Promise<void>;
  close(): Promise<void>;
}

export const noProgress = (): void => undefined;

export const fileOptions = { uid: 0, gid: 0, mode: 0o644, append: false };

/** Runs a command to its end; `stdin` is written and closed. */
export async function run(
  driver: Driver,
  spec: InstanceSpec,
  command: readonly string[],
  options: { stdin?: string; environment?: Record<string, string>; cwd?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = await driver.exec(spec, {
    command,
    environment: options.environment ?? {},
    interactive: false,
    width: 80,
    height: 24,
    user: 0,
    group: 0,
    cwd: options.cwd ?? '/',
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  endStdin(child, options.stdin ?? '');
  return { code: await child.exit, stdout: await stdout, stderr: await stderr };
}

function endStdin(child: ExecProcess, content: string): void {
  // The command may end without reading its input.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(content);
}

async function collect(stream: NodeJS.ReadableStream | undefined): Promise<string> {
  if (!stream) return '';
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

export async function withFiles<T>(driver: Driver, spec: InstanceSpec, work: (files: GuestFiles) => Promise<T>): Promise<T> {
  const files = await driver.files(spec);
  try {
    return await work(files);
  } finally {
    await files.close();
  }
}

export async function readText(files: GuestFiles, path: string): Promise<string> {
  return collect(await files.read(path));
}
