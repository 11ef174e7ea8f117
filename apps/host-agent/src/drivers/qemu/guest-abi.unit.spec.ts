import { coldStartAbi, newestMachineType, type AbiNeeds } from './guest-abi';

const needs: AbiNeeds = { accelerator: 'tcg', cpus: 2, memoryBytes: 2 ** 29, secureBoot: false, movable: true };

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
