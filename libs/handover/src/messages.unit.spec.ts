import { HandoverFailed } from './handover-failed';
import { decodeControl, decodeHeader, encodeControl, encodeHeader, type Offer } from './messages';

const OFFER: Offer = {
  type: 'virtual-machine',
  image: 'e'.repeat(64),
  bytes: 5 * 1024 ** 3,
  snapshots: [
    { name: 's0', id: '1', createdAt: 1_700_000_000, expiresAt: 0, content: '{}' },
    { name: 'später', id: '2', createdAt: 1_700_000_001, expiresAt: 4_000_000_000, content: '' },
  ],
};

/** Recorded from LXD 5.0.2: the header of a container with one snapshot (its details cut off), and a refusal. */
const LXD_HEADER = Buffer.from('0800' + '1a0f0801100018a08d06200028' + '81ade204' + '1a0f0800100118a08d06200028' + '81ade204' + '2203736e30', 'hex');
const LXD_REFUSAL = Buffer.concat([
  Buffer.from('0800125f', 'hex'),
  Buffer.from('Failed reading migration index header: websocket: close 1006 (abnormal closure): unexpected EOF'),
]);

it('comes back as it was', () => {
  expect(decodeHeader(encodeHeader(OFFER))).toEqual({ offer: OFFER });
  expect(decodeControl(encodeControl({ success: true, message: '' }))).toEqual({ success: true, message: '' });
});

it("starts as LXD's: rsync, then the names of the snapshots", () => {
  expect(encodeHeader(OFFER).subarray(0, 6).toString('hex')).toBe('080022027330');
});

it("reads LXD's header, and sees that it is no Weft server's", () => {
  expect(decodeHeader(LXD_HEADER)).toEqual({});
});

it("tells LXD's refusal from a header, in its words", () => {
  expect(() => decodeHeader(LXD_REFUSAL)).toThrow(new HandoverFailed(LXD_REFUSAL.subarray(4).toString()));
  expect(decodeControl(LXD_REFUSAL)).toMatchObject({ success: false });
});

it.each([Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(2 * 1024 * 1024), encodeHeader({ ...OFFER, type: 'jail' as 'container' })])(
  'refuses what is no header: %#',
  (bytes) => {
    expect(() => decodeHeader(bytes)).toThrow(HandoverFailed);
  },
);
