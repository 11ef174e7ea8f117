import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { encodeControl, encodeHeader, type Offer } from './messages';
import { receiveInstance } from './sink';
import { sendInstance } from './source';
import { socketPair } from './testing/socket-pair';

const OFFER: Offer = { type: 'container', image: '', bytes: 10, snapshots: [] };

/** Both ends in one process; what the sink has at the end is in `log`. */
function conversation(change: { accept?: () => Promise<Offer>; take?: (archive: Readable) => Promise<void>; archive?: Readable; done?: Promise<void> } = {}) {
  const [atSource, atSink] = socketPair();
  const fs = new PassThrough();
  // A channel that is destroyed at one end fails at the other one: a PassThrough is both.
  fs.on('error', () => undefined);
  const log: string[] = [];
  const receiver = {
    accept:
      change.accept ??
      (async (offer: Offer) => {
        log.push('accepted');
        return offer;
      }),
    take: change.take ?? (async (archive: Readable) => void log.push(`took ${(await buffer(archive)).length}`)),
    commit: async () => void log.push('committed'),
  };
  const archive = { stream: change.archive ?? Readable.from([Buffer.alloc(6), Buffer.alloc(4)]), done: change.done ?? Promise.resolve() };
  const source = sendInstance(atSource, fs, OFFER, async () => archive);
  const sink = receiveInstance(atSink, fs, receiver);
  return { source, sink, log, atSource, atSink, fs };
}

const both = (ends: { source: Promise<void>; sink: Promise<void> }) => Promise.allSettled([ends.source, ends.sink]);
const failed = (words: RegExp) => ({ status: 'rejected', reason: expect.objectContaining({ message: expect.stringMatching(words) }) });

it('takes an instance over: nothing is committed before all has gone', async () => {
  const ends = conversation();
  await Promise.all([ends.source, ends.sink]);
  expect(ends.log).toEqual(['accepted', 'took 10', 'committed']);
});

it("a refusal reaches the source in the sink's words, before anything is sent", async () => {
  const ends = conversation({ accept: () => Promise.reject(new Error('Instance "c1" already exists')) });
  expect(await both(ends)).toEqual([failed(/already exists/), failed(/already exists/)]);
  expect(ends.log).toEqual([]);
});

it('what fails while the sink takes it ends the source too', async () => {
  const never = new Readable({ read: () => undefined });
  const ends = conversation({ archive: never, take: () => Promise.reject(new Error('No space left on device')) });
  expect(await both(ends)).toEqual([failed(/No space left/), failed(/No space left/)]);
  expect(ends.log).toEqual(['accepted']);
});

it('an archive that is not whole is never committed, though its stream has ended', async () => {
  const ends = conversation({ done: Promise.reject(new Error('tar: file changed as we read it')) });
  expect(await both(ends)).toEqual([failed(/file changed/), failed(/file changed/)]);
  expect(ends.log).not.toContain('committed');
});

it('a channel for the files that does not come about ends both, before anything is offered', async () => {
  const [atSource, atSink] = socketPair();
  const fs = new PassThrough();
  const receiver = { accept: jest.fn(), take: jest.fn(), commit: jest.fn() };
  const sink = receiveInstance(atSink, fs, receiver);
  fs.destroy(new Error('not authorized'));
  await expect(sink).rejects.toThrow('not authorized');
  await expect(sendInstance(atSource, new PassThrough(), OFFER, jest.fn())).rejects.toThrow('not authorized');
  expect(receiver.accept).not.toHaveBeenCalled();
});

it('a connection that is cut in the middle fails both ends', async () => {
  const never = new Readable({ read: () => undefined });
  const ends = conversation({ archive: never });
  await new Promise((resolve) => setImmediate(resolve));
  ends.atSource.cut();
  expect(await both(ends)).toEqual([failed(/cut/), failed(/cut/)]);
  expect(ends.log).toEqual(['accepted']);
});

it('a cut after the archive, before the source has said that it is whole: nothing is committed', async () => {
  const [atSource, atSink] = socketPair();
  const log: string[] = [];
  const taken = new PassThrough();
  const receiver = {
    accept: async (offer: Offer) => offer,
    take: async (archive: Readable) => void (await buffer(archive)),
    commit: async () => void log.push('committed'),
  };
  const sink = receiveInstance(atSink, taken, receiver);
  await atSource.send(encodeHeader(OFFER));
  await atSource.receive();
  taken.end('all of it');
  await new Promise((resolve) => setImmediate(resolve));
  atSource.cut();
  await expect(sink).rejects.toThrow(/cut/);
  expect(log).toEqual([]);
});

it('does not send to a server that is no Weft server', async () => {
  const [atSource, atSink] = socketPair();
  const opened = jest.fn();
  const source = sendInstance(atSource, new PassThrough(), OFFER, opened);
  await atSink.receive();
  await atSink.send(Buffer.from('08002203736e30', 'hex'));
  await expect(source).rejects.toThrow(/no Weft server/);
  expect(opened).not.toHaveBeenCalled();
});

it('a sink that speaks out of turn is not believed', async () => {
  const [atSource, atSink] = socketPair();
  const never = new Readable({ read: () => undefined });
  const source = sendInstance(atSource, new PassThrough(), OFFER, async () => ({ stream: never, done: Promise.resolve() }));
  await atSink.receive();
  await atSink.send(encodeHeader(OFFER));
  await atSink.send(encodeControl({ success: true, message: '' }));
  await expect(source).rejects.toThrow(/out of turn/);
});
