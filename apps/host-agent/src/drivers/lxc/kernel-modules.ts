import { execFile } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { WeftError } from '@weft/contracts';

/**
 * Loads what `linux.kernel_modules` names ("a,b"). A module that is already there, or built in, needs nothing.
 * @throws WeftError config.invalid when the host does not have it
 */
export async function loadKernelModules(list: string): Promise<void> {
  for (const name of list
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) throw new WeftError('config.invalid', `linux.kernel_modules: "${name}" is not a module name`);
    if (await isPresent(name)) continue;
    const reason = await modprobe(name);
    if (reason !== undefined) throw new WeftError('config.invalid', `linux.kernel_modules: this host cannot load "${name}": ${reason}`);
  }
}

async function isPresent(name: string): Promise<boolean> {
  const inKernel = name.replace(/-/g, '_');
  if (
    await fs.access(`/sys/module/${inKernel}`).then(
      () => true,
      () => false,
    )
  )
    return true;
  const release = (await fs.readFile('/proc/sys/kernel/osrelease', 'utf8')).trim();
  const builtin = await fs.readFile(`/lib/modules/${release}/modules.builtin`, 'utf8').catch(() => '');
  return builtin.split('\n').some((path) => path.split('/').at(-1)?.replace(/\.ko$/, '').replace(/-/g, '_') === inKernel);
}

/** Some drivers wait for their hardware. */
const MODPROBE_TIMEOUT_MS = 60_000;

const modprobe = (name: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const env = { PATH: '/usr/sbin:/sbin:/usr/bin:/bin', LC_ALL: 'C' };
    execFile('modprobe', ['-b', '--', name], { env, timeout: MODPROBE_TIMEOUT_MS, killSignal: 'SIGKILL' }, (error, _stdout, stderr) => {
      if (!error) return resolve(undefined);
      if (error.killed) return resolve(`modprobe does not end within ${MODPROBE_TIMEOUT_MS / 1000} s`);
      resolve(error.code === 'ENOENT' ? 'modprobe is not installed' : stderr.trim() || 'it is not available');
    });
  });
