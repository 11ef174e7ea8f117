import { findFirmware } from './firmware';
import { qemuBinary } from './host';
import { seedFiles } from './nocloud-seed';

const spec = (config: Record<string, string>) => ({ id: 'i-1', name: 'web', config });

describe('seedFiles', () => {
  it('names the host even when no key is set', () => {
    expect(seedFiles(spec({}))).toEqual({
      'meta-data': 'instance-id: i-1\nlocal-hostname: web\n',
      'user-data': '#cloud-config\n{}\n',
      'vendor-data': '#cloud-config\n{}\n',
    });
  });
  it('prefers cloud-init.* to user.*', () => {
    const files = seedFiles(
      spec({ 'cloud-init.user-data': '#cloud-config\na: 1\n', 'user.user-data': 'old', 'user.network-config': 'version: 2', 'user.meta-data': 'more: x' }),
    );
    expect(files['user-data']).toBe('#cloud-config\na: 1\n');
    expect(files['network-config']).toBe('version: 2');
    expect(files['meta-data']).toContain('more: x');
  });
});

describe('what the host offers', () => {
  it('finds firmware of the kind that is asked for', () => {
    expect(findFirmware(false, () => true).code).toBe('/usr/share/OVMF/OVMF_CODE_4M.fd');
    expect(findFirmware(true, (path) => !path.includes('4M')).variables).toBe('/usr/share/OVMF/OVMF_VARS.ms.fd');
    expect(() => findFirmware(true, () => false)).toThrow(expect.objectContaining({ code: 'instance.wrong-status' }));
  });
  it('finds QEMU: named, unpacked, installed', () => {
    expect(qemuBinary({ WEFT_QEMU: '/q' }, () => true)).toBe('/q');
    expect(qemuBinary({ WEFT_CACHE: '/c' }, () => true)).toBe('/c/qemu/bin/qemu-system-x86_64');
    expect(qemuBinary({}, () => false)).toBe('qemu-system-x86_64');
  });
});
