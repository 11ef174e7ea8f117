/** A virtual machine with two threads per core and a kernel that has core scheduling; its root is made of this machine's programs. */
import { spawn } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readlink, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { runProgram } from '../storage/vm-program';
import { qemuBinary } from '../drivers/qemu/host';

const ROOT = resolve(__dirname, '../../../..');
/** Under emulation the guest needs half a minute; other tests may have the processor. */
const GUEST_MS = 540_000;

const INIT = `#!/bin/busybox sh
export PATH=/bin:/usr/bin HOME=/ NODE_PATH=/node_modules
mount -t proc none /proc; mount -t sysfs none /sys; mount -t tmpfs none /run; mount -t tmpfs none /tmp
mkdir -p /dev/pts /dev/shm; mount -t devpts none /dev/pts 2>/dev/null
mount -t cgroup2 none /sys/fs/cgroup
node /probe.js
poweroff -f
`;
const APPLETS = ['sh', 'mount', 'mkdir', 'poweroff', 'sleep', 'taskset'];
const LXC_TOOLS = ['lxc-start', 'lxc-info', 'lxc-attach', 'lxc-monitord'];

/** @returns the object that core-scheduling.guest.ts has written. @throws Error with the console when there is none */
export async function runSchedCoreGuest(dir: string, kernel: string): Promise<unknown> {
  const disk = await buildDisk(dir);
  const output = await boot(kernel, disk);
  const result = /RESULT (\{.*\})/.exec(output)?.[1];
  if (result === undefined) throw new Error(`The guest said nothing:\n${output.slice(-4_000)}`);
  return JSON.parse(result);
}

async function buildDisk(dir: string): Promise<string> {
  const root = join(dir, 'root');
  for (const name of [
    'bin',
    'usr/bin',
    'proc',
    'sys',
    'run',
    'tmp',
    'dev',
    'etc',
    'guest/bin',
    'guest/proc',
    'guest/sys',
    'guest/dev',
    'node_modules/@koromix',
  ])
    await mkdir(join(root, name), { recursive: true });
  for (const at of ['bin', 'guest/bin']) {
    await copyFile('/bin/busybox', join(root, at, 'busybox'));
    for (const applet of APPLETS) await symlink('busybox', join(root, at, applet));
  }
  await writeFile(join(root, 'init'), INIT);
  await chmod(join(root, 'init'), 0o755);
  const koffi = join(ROOT, 'node_modules/@koromix', `koffi-linux-${process.arch}`);
  await cp(join(ROOT, 'node_modules/koffi'), join(root, 'node_modules/koffi'), { recursive: true });
  await cp(koffi, join(root, 'node_modules/@koromix', `koffi-linux-${process.arch}`), { recursive: true });
  await addPrograms(root, [process.execPath, ...(await Promise.all(LXC_TOOLS.map((name) => which(name))).then((paths) => paths.flat()))]);
  await bundle(join(root, 'probe.js'));
  const disk = join(dir, 'disk.img');
  await runProgram('mke2fs', ['-q', '-t', 'ext4', '-d', root, disk, '320M']);
  return disk;
}

const which = (name: string): Promise<string[]> => runProgram('which', [name]).then((path) => [path.trim()], () => []); // prettier-ignore

/** Programs into /bin, and the shared libraries that they load to where they look for them. */
async function addPrograms(root: string, programs: readonly string[]): Promise<void> {
  for (const program of programs) {
    await copyFile(await realpath(program), join(root, 'bin', program.split('/').at(-1) ?? ''));
    const libraries = (await runProgram('ldd', [program])).matchAll(/(\/\S+) \(0x/g);
    for (const [, library = ''] of libraries) {
      await mkdir(join(root, dirname(library)), { recursive: true });
      await copyFile(library, join(root, library));
    }
  }
  // liblxc opens these by itself; the directory's name is in the library.
  const helpers = await realpath('/usr/lib/x86_64-linux-gnu/lxc').catch(() => undefined);
  if (helpers) await cp(helpers, join(root, helpers), { recursive: true, filter: async (path) => !(await readlink(path).catch(() => undefined)) });
  if (helpers) await mkdir(join(root, helpers, 'rootfs'), { recursive: true });
}

async function bundle(outfile: string): Promise<void> {
  await build({
    ...{ entryPoints: [join(__dirname, 'core-scheduling.guest.ts')], outfile, bundle: true, platform: 'node', target: 'node20' },
    ...{ external: ['koffi'], logLevel: 'error', tsconfig: join(ROOT, 'tsconfig.json') },
    alias: Object.fromEntries(['contracts', 'embedded', 'lxc'].map((name) => [`@weft/${name}`, join(ROOT, 'libs', name, 'src')])),
  });
}

/** What the console says until the guest is off. Under emulation: that shows sibling threads on any host, with this CPU model. */
function boot(kernel: string, disk: string): Promise<string> {
  const append = 'console=ttyS0 root=/dev/vda rw init=/init quiet panic=-1 random.trust_cpu=on';
  const child = spawn(
    qemuBinary(),
    [
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-serial', 'stdio', '-machine', 'q35,accel=tcg', '-cpu', 'Skylake-Client'],
      ...['-smp', '2,sockets=1,cores=1,threads=2', '-m', '512', '-kernel', kernel, '-append', append],
      ...['-drive', `if=virtio,format=raw,file=${disk}`],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: GUEST_MS, killSignal: 'SIGKILL' },
  );
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject).once('close', () => resolve(output));
  });
}
