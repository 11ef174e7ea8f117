import { checkEtag, etagOf, sortedMap, sortedMaps } from './etag';

const FINGERPRINT = 'd9fd71e33d1ec02c691ee32bf0459bec535ae86474b942bd82bc8ed59a39abfa';

describe('etagOf gives what LXD 5.0.2 gave', () => {
  it.each([
    ['a profile', [{ 'user.a': 'b' }, 'd', {}], 'f6626e999a04ac41823fe576aa9e0f87870abf4f7d93cd667f85ca1118a35520'],
    ['a profile with a device', [{ 'user.a': 'b' }, 'd', { n: { type: 'none' } }], 'aace98f8268356d3f872df979636cdc5964e152c9b25ab55f0c80bd79bf70229'],
    ['an image', [false, false, { description: 'busybox', os: 'busybox', release: '1' }], '729eeec5ffd344dd9f6ea23a73399bf1cf9db7ebae91edb798e43512f33760cc'],
    ['an alias', { description: '', target: FINGERPRINT, name: 'bb', type: 'container' }, '7b8b50908cf9cb00a88b421dcb90fcaa352541a1c306796d34cd415cf4a7db05'],
  ])('%s', (_what, fields, expected) => {
    expect(etagOf(fields)).toBe(expected);
  });

  it('a project', () => {
    const config = { 'features.profiles': 'true', 'features.images': 'false', 'features.storage.volumes': 'true', 'features.networks': 'true' };
    expect(etagOf(['', sortedMap(config)])).toBe('f3ee2defe7ab34d5c151e80896b018b48fbfd874b5c587ca7cbc8fbe224b26bd');
  });

  it('does not depend on the order in which a client wrote its maps', () => {
    expect(etagOf([sortedMaps({ b: { y: '1', x: '2' }, a: {} })])).toBe(etagOf([sortedMaps({ a: {}, b: { x: '2', y: '1' } })]));
  });
});

describe('checkEtag', () => {
  it.each([undefined, '', '*', 'abc', '"abc"'])('accepts %s', (ifMatch) => {
    expect(() => checkEtag(ifMatch, 'abc')).not.toThrow();
  });

  it('refuses another version in the words of LXD', () => {
    expect(() => checkEtag('"deadbeef"', 'abc')).toThrow("ETag doesn't match: abc vs deadbeef");
  });
});
