import { type Duplex, duplexPair } from 'node:stream';
import { controlOver, frameMessage, MessageSplitter } from './framed-control';
import { HandoverFailed } from './handover-failed';

const ends = (): [Duplex, Duplex] => duplexPair();
const never = () => new AbortController().signal;

it('finds messages wherever the stream is cut', () => {
  const stream = Buffer.concat([frameMessage(Buffer.from('first')), frameMessage(Buffer.alloc(0)), frameMessage(Buffer.from('third'))]);
  const splitter = new MessageSplitter();
  const found = [...stream].flatMap((byte) => splitter.push(Buffer.from([byte])));
  expect(found.map(String)).toEqual(['first', '', 'third']);
});

it('refuses a message that is longer than any of the conversation', () => {
  expect(() => new MessageSplitter().push(Buffer.from('ffffffff', 'hex'))).toThrow(HandoverFailed);
});

it('carries messages both ways, and gives what has arrived before it tells of the end', async () => {
  const [here, there] = ends();
  const [a, b] = [controlOver(here, never()), controlOver(there, never())];
  await a.send(Buffer.from('hello'));
  await b.send(Buffer.from('bye'));
  there.end();
  expect(String(await b.receive())).toBe('hello');
  expect(String(await a.receive())).toBe('bye');
  await expect(a.receive()).rejects.toThrow(/was lost/);
});

it('an interruption ends the wait, and the last word still goes out', async () => {
  const [here, there] = ends();
  const interrupt = new AbortController();
  const [a, b] = [controlOver(here, interrupt.signal), controlOver(there, never())];
  const waiting = a.receive();
  interrupt.abort(new Error('Operation cancelled'));
  await expect(waiting).rejects.toThrow('Operation cancelled');
  await a.send(Buffer.from('cancelled'));
  expect(String(await b.receive())).toBe('cancelled');
});
