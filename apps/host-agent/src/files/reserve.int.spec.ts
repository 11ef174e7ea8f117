import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { scratchDir } from '@weft/testing';
import { keepReserve, refillReserve, withReserve } from './reserve';

const noRoom = (): Error => Object.assign(new Error('write'), { code: 'ENOSPC' });

describe('the reserve', () => {
  it('gives room slice by slice until a write succeeds, and is filled up again', async () => {
    const scratch = await scratchDir();
    const size = async () => (await stat(join(scratch.path, 'reserve'))).size;
    await keepReserve(scratch.path);
    const whole = await size();
    let tries = 0;
    const third = () => ((tries += 1) < 3 ? Promise.reject(noRoom()) : Promise.resolve('written'));
    expect(await withReserve(third)).toBe('written');
    expect(await size()).toBe(whole - 2 * 64 * 1024);
    await refillReserve(scratch.path);
    expect(await size()).toBe(whole);
    await expect(withReserve(() => Promise.reject(noRoom()))).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await size()).toBe(0);
    await expect(withReserve(() => Promise.reject(new Error('another')))).rejects.toThrow('another');
    await scratch.remove();
  });
});
