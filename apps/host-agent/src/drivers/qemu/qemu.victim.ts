/**
 * A process to be killed in the middle of what it does: `node -r source-hook.cjs qemu.victim.ts <dir> <disk> <spec> <what>`.
 * Prints "ready" when the driver begins.
 */
import { instanceSpec } from '@weft/contracts';
import { createLogger } from '@weft/platform';
import { createQemuDriver } from './index';

async function main([dir = '', disk = '', text = '', what = '']: readonly string[]): Promise<void> {
  const spec = instanceSpec.parse(JSON.parse(text));
  const notUsed = (): Promise<never> => Promise.reject(new Error('not used'));
  const images = { containerRoot: notUsed, metadataDir: notUsed, vmDisk: () => Promise.resolve(disk) };
  const driver = createQemuDriver({ dir, images, logger: createLogger('qemu', 'fatal') });
  await driver.inspect(spec.id);
  process.stdout.write('ready\n');
  switch (what) {
    case 'create':
      return driver.create(spec, { kind: 'image', fingerprint: spec.imageFingerprint }, {}, () => undefined);
    case 'start':
      return driver.start(spec, 7);
    case 'freeze':
      return driver.freeze(spec);
    case 'snapshot':
      return driver.createSnapshot(spec, 'snap');
    case 'stop':
      return driver.stop(spec, { force: true, timeoutSeconds: 10 });
    case 'delete':
      return driver.delete(spec.id);
    default:
      throw new Error(`no such action: ${what}`);
  }
}

void main(process.argv.slice(2)).then(() => process.stdout.write('done\n'));
