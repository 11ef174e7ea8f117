import { eventually } from '@weft/testing';
import { DiskMeter } from './disk-meter';

/** Trees that grow by one byte with each measurement; every path that was measured, in order. */
function trees() {
  const measured: string[] = [];
  const meter = new DiskMeter((path) => Promise.resolve(measured.push(path)));
  return { meter, measured };
}

describe('how much containers take, looked at again and again', () => {
  it('is measured at the first look, then what is known is told and measured anew', async () => {
    const { meter, measured } = trees();
    expect(await meter.recent('a', '/a')).toBe(1);
    expect(await meter.recent('a', '/a')).toBe(1);
    await eventually(() => measured.length === 2);
    expect(await meter.recent('a', '/a')).toBe(2);
    expect(await meter.measured('a', '/a')).toBe(3);
  });

  it('is measured one after the other, whoever has waited longest first', async () => {
    const { meter, measured } = trees();
    const look = () => Promise.all(['a', 'b', 'c'].map((id) => meter.recent(id, `/${id}`)));
    await look();
    await eventually(async () => {
      await look();
      return measured.length >= 9;
    });
    expect(measured.slice(0, 9)).toEqual(['/a', '/b', '/c', '/a', '/b', '/c', '/a', '/b', '/c']);
  });
});
