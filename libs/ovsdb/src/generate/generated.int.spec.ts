import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

describe('the generated files', () => {
  it('are what the generator makes of the schemas', async () => {
    const check = promisify(execFile)(process.execPath, ['-r', '@swc-node/register', join(__dirname, 'main.ts'), '--check']);
    expect((await check).stdout).toBe('');
  });
});
