import { coldStartAbi, newestMachineType, slotsFor, type AbiNeeds } from './guest-abi';

const needs: AbiNeeds = { accelerator: 'tcg', cpus: 2, memoryBytes: 2 ** 29, secureBoot: false, movable: true, nics: [], offload: true };

describe('the guest ABI', () => {
  it('takes the newest machine type at the first start, and keeps it when the host gets a newer one', () => {
    const first = coldStartAbi(needs, undefined, 'pc-q35-10.0');
    expect(first).toMatchObject({ machineType: 'pc-q35-10.0', cpuModel: 'max', cpus: 2, maxCpus: 2 });
    expect(coldStartAbi({ ...needs, cpus: 4 }, first, 'pc-q35-11.0')).toEqual({ ...first, cpus: 4, maxCpus: 4 });
  });

  it('gives a guest that may move a CPU that other hosts have', () => {
    expect(coldStartAbi({ ...needs, accelerator: 'kvm' }, undefined, 'q').cpuModel).toMatch(/^qemu64,.*enforce$/);
    expect(coldStartAbi({ ...needs, accelerator: 'kvm', movable: false }, undefined, 'q').cpuModel).toBe('host');
  });

  it('reads what QEMU calls q35', () => {
    expect(newestMachineType('q35                  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-10.0)\npc-q35-10.0  Standard')).toBe('pc-q35-10.0');
    expect(newestMachineType('none')).toBe('q35');
  });
});

it('gives a network device the same slot as long as it is there', () => {
  const nics = (...devices: string[]) => devices.map((device) => ({ device, hwaddr: '00:16:3e:00:00:01', mtu: 1442 }));
  const slots = (given: ReturnType<typeof slotsFor>) => Object.fromEntries(Object.entries(given).map(([device, { slot }]) => [device, slot]));
  const first = slotsFor(nics('eth0', 'eth1'), {}, true);
  expect(slots(first)).toEqual({ eth0: 0, eth1: 1 });
  const second = slotsFor(nics('a', 'eth1'), first, true);
  expect(slots(second)).toEqual({ a: 0, eth1: 1 });
  expect(slots(slotsFor(nics('a', 'eth0', 'eth1'), second, true))).toEqual({ a: 0, eth0: 2, eth1: 1 });
  expect(() => slotsFor(nics(...'abcdefghi'), {}, true)).toThrow(/at most 8/);
});
