import { archivePath, EntryGuard, type EntryFacts } from './archive-entry';

const limits = { unpackedBytes: 1000, entries: 10 };
const file = (name: string, more: Partial<EntryFacts> = {}): EntryFacts => ({ name, type: 'file', size: 1, sparse: false, ...more });
const examine = (entries: EntryFacts[], prefix = '') => {
  const guard = new EntryGuard(prefix, limits);
  return entries.map((entry) => guard.examine(entry));
};
const refusal = { code: 'image.invalid' };

describe('EntryGuard', () => {
  it.each(['/etc/passwd', '../etc/passwd', 'a/../../b', 'a\0b', `${'x'.repeat(256)}`])('refuses the name %j', (name) => {
    expect(() => archivePath(name)).toThrow(expect.objectContaining(refusal));
  });

  it('keeps what is below the prefix and names the directories that the archive left out', () => {
    expect(examine([file('metadata.yaml'), file('./rootfs/usr/bin/true')], 'rootfs')).toEqual([
      { keep: false },
      { keep: true, path: 'usr/bin/true', type: 'file', parents: ['', 'usr', 'usr/bin'] },
    ]);
  });

  it('refuses to write through a symbolic link, wherever that points', () => {
    const link = file('lib', { type: 'symlink', linkname: 'usr/lib', size: 0 });
    expect(() => examine([link, file('lib/evil')])).toThrow(expect.objectContaining(refusal));
    expect(() => examine([{ ...link, linkname: '/' }, file('lib/etc/evil')])).toThrow(expect.objectContaining(refusal));
  });

  it('refuses to replace: a directory by a link, a file by a file', () => {
    expect(() => examine([file('a', { type: 'directory' }), file('a', { type: 'symlink', linkname: '/' })])).toThrow(expect.objectContaining(refusal));
    expect(() => examine([file('a'), file('./a')])).toThrow(expect.objectContaining(refusal));
    expect(() => examine([file('a', { type: 'directory' }), file('a/', { type: 'directory' })])).not.toThrow();
  });

  it('refuses hard links that do not lead to an earlier file of the tree', () => {
    const link = (linkname: string) => file('rootfs/link', { type: 'link', linkname, size: 0 });
    for (const target of ['/etc/shadow', 'rootfs/../../etc/shadow', 'metadata.yaml', 'rootfs/later']) {
      expect(() => examine([file('metadata.yaml'), link(target)], 'rootfs')).toThrow(expect.objectContaining(refusal));
    }
    const symlink = file('rootfs/s', { type: 'symlink', linkname: '/etc/shadow', size: 0 });
    expect(() => examine([symlink, link('rootfs/s')], 'rootfs')).toThrow(expect.objectContaining(refusal));
    expect(examine([file('rootfs/a'), link('rootfs/a')], 'rootfs')[1]).toMatchObject({ keep: true, target: 'a' });
  });

  it('leaves device nodes out, and refuses what it does not know', () => {
    expect(examine([file('dev/sda', { type: 'block-device' })])).toEqual([{ keep: false }]);
    expect(() => examine([file('a', { sparse: true })])).toThrow(expect.objectContaining(refusal));
    expect(() => examine([file('a', { type: null })])).toThrow(expect.objectContaining(refusal));
  });

  it('refuses bombs: too many files, too many bytes', () => {
    expect(() => examine(Array.from({ length: 11 }, (_, index) => file(`f${index}`)))).toThrow(expect.objectContaining(refusal));
    expect(() => examine([file('a', { size: 600 }), file('b', { size: 600 })])).toThrow(expect.objectContaining(refusal));
  });
});
