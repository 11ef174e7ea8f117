import { limitsOfSize } from './instance-size';

describe('sizes of instances', () => {
  it.each([
    ['', {}],
    ['c2-m4', { 'limits.cpu': '2', 'limits.memory': '4096MB' }],
    ['c1', { 'limits.cpu': '1' }],
    ['m0.5', { 'limits.memory': '512MB' }],
  ])('%j stands for limits', (size, limits) => expect(limitsOfSize(size)).toEqual(limits));

  it.each(['t2.micro', 'aws:t2.micro', 'c', 'c0', 'm0', '-m1', 'c1m1', 'c1-', 'm1-c1', 'c-1', '-'])('%j is refused', (size) =>
    expect(() => limitsOfSize(size)).toThrow('Unknown instance type'),
  );
});
