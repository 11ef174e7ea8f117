import { shiftAttributes } from './extended-attributes';

/** cap_net_raw+ep as setcap(8) writes it. */
const netRaw = Buffer.from([1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const pax = { 'SCHILY.xattr.security.capability': netRaw.toString(), 'SCHILY.xattr.user.note': 'kept', 'SCHILY.xattr.trusted.overlay.opaque': 'y', mtime: '1' };

describe('extended attributes of unpacked files', () => {
  it('keeps user attributes and capabilities, and nothing that means something to the host', () => {
    expect(shiftAttributes(pax, null)).toEqual({ 'SCHILY.xattr.security.capability': netRaw.toString(), 'SCHILY.xattr.user.note': 'kept' });
  });

  it('gives shifted capabilities to the root of the container', () => {
    const shifted = Buffer.from(shiftAttributes(pax, 1_000_000)['SCHILY.xattr.security.capability'] ?? '');
    // 1000000 = 0x000f4240: all bytes are text.
    expect(shifted.subarray(0, 4)).toEqual(Buffer.from([1, 0, 0, 3]));
    expect(shifted.readUInt32LE(20)).toBe(1_000_000);
  });

  it('drops what it cannot carry', () => {
    const broken = { 'SCHILY.xattr.security.capability': Buffer.from([1, 0, 0, 2, 0xff, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).toString() };
    expect(shiftAttributes(broken, null)).toEqual({});
  });
});
