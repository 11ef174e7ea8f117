import { diskMounts } from './container-devices';

const disk = (options: Record<string, string>) => diskMounts({ d: { type: 'disk', path: '/mnt', source: '/', ...options } });

it.each(['true', 'yes', '1', 'On'])('mounts read-only when readonly is %s', async (readonly) => {
  expect((await disk({ readonly }))[0]?.options).toContain('ro');
});

it.each(['false', 'no', '0'])('leaves out what is not there and not required: %s', async (required) => {
  expect(await disk({ source: '/is/not/there', required })).toEqual([]);
});

it('never takes a volume for a path of the host', async () => {
  await expect(disk({ pool: 'default', source: '/etc' })).rejects.toMatchObject({ code: 'device.invalid' });
});
