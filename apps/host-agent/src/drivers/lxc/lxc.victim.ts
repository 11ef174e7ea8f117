/**
 * A process to be killed in the middle of what it does: `node -r source-hook.cjs lxc.victim.ts <dir> <lower> <spec> <what>`.
 * Prints "ready" when the driver begins.
 */
import { instanceSpec } from '@weft/contracts';
import { TINY } from './lxc.testbed';
import { LxcDriver } from './lxc.driver';

async function main([dir = '', lower = '', text = '', what = '']: readonly string[]): Promise<void> {
  const spec = instanceSpec.parse(JSON.parse(text));
  const driver = new LxcDriver({ dir, images: { containerRoot: () => Promise.resolve(lower) } });
  await driver.inspect(spec.id);
  process.stdout.write('ready\n');
  switch (what) {
    case 'create':
      return driver.create(spec, { kind: 'image', fingerprint: TINY }, {}, () => undefined);
    case 'start':
      return driver.start(spec, 7);
    case 'freeze':
      return driver.freeze(spec);
    case 'stop':
      return driver.stop(spec, { force: false, timeoutSeconds: 10 });
    case 'snapshot':
      return driver.createSnapshot(spec, 'snap');
    case 'delete':
      return driver.delete(spec.id);
    default:
      throw new Error(`no such action: ${what}`);
  }
}

void main(process.argv.slice(2)).then(() => process.stdout.write('done\n'));
