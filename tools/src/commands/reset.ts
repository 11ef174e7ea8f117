import { existsSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { places } from '../places';
import { UserError, type Settings } from '../settings';
import { down } from './down';

/** Erases everything below WEFT_DIR, after asking. */
export const reset = async (settings: Settings, options: { yes: boolean }): Promise<void> => {
  const at = places(settings.dir);
  if (!existsSync(at.dir)) return void process.stdout.write(`There is no state in ${at.dir}.\n`);
  if (!existsSync(at.marker)) throw new UserError(`${at.dir} does not look like a Weft state directory; nothing was erased`);
  if (!options.yes && !(await confirmed(at.dir))) throw new UserError('nothing was erased');
  await down(settings);
  rmSync(at.dir, { recursive: true, force: true });
  process.stdout.write(`${at.dir} is erased.\n`);
};

const confirmed = async (dir: string): Promise<boolean> => {
  if (!process.stdin.isTTY) throw new UserError('this erases all instances, images and settings: repeat it as `npm run reset -- --yes`');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`This erases all instances, images and settings in ${dir}. Type "yes" to go on: `);
    return answer.trim() === 'yes';
  } finally {
    terminal.close();
  }
};
