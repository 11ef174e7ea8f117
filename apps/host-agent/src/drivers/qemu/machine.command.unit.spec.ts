import { machineArguments, serialOf, type MachinePlan } from './machine.command';
import { vmPaths } from './vm-paths';

const plan: MachinePlan = {
  id: '0190a5b0-0000-7000-8000-000000000001',
  name: 'web,1',
  abi: { machineType: 'pc-q35-10.0', cpuModel: 'max', accelerator: 'tcg', cpus: 2, maxCpus: 2, memoryBytes: 512 * 1024 ** 2, secureBoot: false, nics: {} },
  firmware: { code: '/fw/CODE.fd', variables: '/fw/VARS.fd', secureBoot: false },
  extraDisks: [],
  taps: {},
  paths: vmPaths('/dir,with comma'),
  incoming: false,
};
const line = (changes: Partial<MachinePlan> = {}) => machineArguments({ ...plan, ...changes });
const after = (args: string[], option: string) => args.flatMap((arg, index) => (arg === option ? [args[index + 1] ?? ''] : []));

describe('machineArguments', () => {
  it('starts nothing but what it names, paused and confined', () => {
    expect(line()).toEqual(expect.arrayContaining(['-nodefaults', '-no-user-config', '-S']));
    expect(after(line(), '-sandbox')).toEqual(['on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny']);
  });

  it('sizes the machine', () => {
    expect(after(line(), '-m')).toEqual(['size=512M']);
    expect(after(line(), '-smp')).toEqual(['cpus=2,maxcpus=2,sockets=1,cores=2,threads=1']);
    expect(after(line(), '-cpu')).toEqual(['max']);
    expect(after(line(), '-machine')[0]).toMatch(/^pc-q35-10\.0,accel=tcg,/);
  });

  it('waits for memory from elsewhere when it is told to, on the same machine', () => {
    expect(line({ incoming: true })).toEqual([...line(), '-incoming', 'defer']);
  });

  it('lets no name or path add an option', () => {
    expect(after(line(), '-name')).toEqual(['guest=web_1']);
    expect(after(line(), '-drive')[1]).toContain('file=/dir,,with comma/nvram.fd');
    expect(after(line(), '-chardev').find((text) => text.includes('id=console'))).toContain('logfile=/dir,,with comma/log/console.log,logappend=on');
  });

  it('names sockets relative to the directory, because their paths must be short', () => {
    for (const text of after(line(), '-chardev')) expect(text).toMatch(/path=[a-z]+\.sock,server=on,wait=off/);
  });

  it('moves no device when disks come and go', () => {
    const addresses = (args: string[]) => after(args, '-device').filter((text) => text.includes('addr='));
    const disk = { name: 'data', source: '/srv/a.img', format: 'raw' as const, host: false, readonly: true };
    const more = addresses(line({ extraDisks: [disk] }));
    expect(more).toEqual(expect.arrayContaining(addresses(line())));
    expect(new Set(more.map((text) => /addr=([\w.]+)/.exec(text)?.[1])).size).toBe(more.length);
    expect(more.find((text) => text.includes('weft_data'))).toContain('addr=0x6');
  });

  it('has a slot for each network device, whether a cable is in or not', () => {
    const nic = (slot: number, offload: boolean) => ({ slot, hwaddr: `00:16:3e:00:00:0${slot}`, mtu: 1442, offload });
    const args = line({ abi: { ...plan.abi, nics: { eth0: nic(0, false), eth1: nic(3, true) } }, taps: { eth0: 'tap1234' } });
    expect(after(args, '-device').filter((text) => text.startsWith('pcie-root-port'))).toHaveLength(8);
    const devices = after(args, '-device').flatMap((text) => (text.startsWith('{') ? [JSON.parse(text) as Record<string, unknown>] : []));
    expect(devices).toMatchObject([
      { bus: 'nic-port0', mac: '00:16:3e:00:00:00', host_mtu: 1442, netdev: 'net0', csum: false },
      { bus: 'nic-port3', mac: '00:16:3e:00:00:03' },
    ]);
    expect(devices[1]).not.toHaveProperty('netdev');
    expect(devices[1]).not.toHaveProperty('csum');
    expect(JSON.parse(after(args, '-netdev')[0]!)).toEqual({ type: 'tap', id: 'net0', ifname: 'tap1234', script: 'no', downscript: 'no' });
  });

  it('protects the variables of secure boot with system management mode', () => {
    const args = line({ firmware: { ...plan.firmware, secureBoot: true } });
    expect(after(args, '-machine')[0]).toContain('smm=on');
    expect(after(args, '-global')).toContain('driver=cfi.pflash01,property=secure,value=on');
  });

  it('keeps serial numbers as short as virtio wants them', () => {
    expect(serialOf('a-very-long-device-name').length).toBeLessThanOrEqual(20);
  });
});
