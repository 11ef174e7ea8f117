import { keepVolatile } from './instance-config.decider';

const ours = { 'volatile.uuid': 'u1', 'volatile.cloud-init.instance-id': 'i1', 'volatile.eth0.hwaddr': '00:16:3e:00:00:01', 'user.color': 'red' };

describe('volatile keys', () => {
  it('stay when they are not repeated, and change when they are given', () => {
    expect(keepVolatile(ours, { 'user.color': 'blue' })).toEqual({ ...ours, 'user.color': 'blue' });
    const other = { 'volatile.eth0.hwaddr': '00:16:3e:00:00:02' };
    expect(keepVolatile(ours, { ...ours, ...other })).toEqual({ ...ours, ...other });
  });

  it('of another instance, whose whole configuration this is, are left out', () => {
    const theirs = { 'volatile.uuid': 'u2', 'volatile.eth0.hwaddr': '00:16:3e:00:00:02', 'volatile.x': 'y' };
    expect(keepVolatile(ours, { ...theirs, 'user.color': 'blue' })).toEqual({ ...ours, 'user.color': 'blue' });
  });
});
