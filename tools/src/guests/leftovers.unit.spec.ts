import { mountsBelow } from './leftovers';

it('finds mounts below a directory, deepest first, and no neighbours', () => {
  const mountinfo = [
    '22 1 8:1 / / rw - ext4 /dev/sda1 rw',
    '30 22 0:40 / /var/lib/weft/members/host1/instances/a/rootfs rw - overlay overlay rw',
    '31 30 0:41 / /var/lib/weft/members/host1/instances/a/rootfs/with\\040blank rw - tmpfs tmpfs rw',
    '32 22 0:42 / /var/lib/weft2/x rw - tmpfs tmpfs rw',
    '',
  ].join('\n');
  expect(mountsBelow('/var/lib/weft', mountinfo)).toEqual([
    '/var/lib/weft/members/host1/instances/a/rootfs/with blank',
    '/var/lib/weft/members/host1/instances/a/rootfs',
  ]);
});
