import { Duplex } from 'node:stream';
import { OvsdbDisconnected, OvsdbProtocolError, OvsdbRequestError, OvsdbTimeout } from '../errors';
import { RpcSession, type RpcOptions } from './rpc-session';

/** The other end of a connection: keeps what it was sent, says what it is told to. */
function peer(options: RpcOptions = {}) {
  const sent: Record<string, unknown>[] = [];
  const stream: Duplex = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      sent.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const session = new RpcSession(stream, { probeIntervalMs: 0, ...options });
  return { session, sent, stream, say: (message: unknown) => void stream.push(Buffer.from(JSON.stringify(message))) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('RpcSession', () => {
  it('pairs answers with requests, in any order', async () => {
    const { session, say } = peer();
    const both = Promise.allSettled([session.request('a', []), session.request('b', [1])]);
    say({ id: 2, result: null, error: 'no' });
    say({ id: 1, result: 7, error: null });
    expect(await both).toMatchObject([{ value: 7 }, { reason: { constructor: OvsdbRequestError, method: 'b', params: [1], error: 'no' } }]);
    session.close();
  });

  it('answers echo, and hands on notifications before the answer that follows them', async () => {
    const heard: unknown[] = [];
    const { session, say, sent } = peer({ onNotification: (method, params) => heard.push([method, params]) });
    void session.request('transact', []).then(() => heard.push('answer'));
    say({ id: 'x', method: 'echo', params: [1, 'ü'] });
    say({ id: null, method: 'update3', params: [2] });
    say({ id: 1, result: [], error: null });
    await turn();
    expect(sent[1]).toEqual({ id: 'x', result: [1, 'ü'], error: null });
    expect(heard).toEqual([['update3', [2]], 'answer']);
    session.close();
  });

  it('cancels on the server what is aborted here', async () => {
    const { session, sent, say } = peer();
    const abort = new AbortController();
    const request = session.request('transact', ['db'], { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(request).rejects.toThrow('enough');
    expect(sent[1]).toEqual({ id: null, method: 'cancel', params: [1] });
    say({ id: 1, result: null, error: 'canceled' });
    await turn();
    await expect(session.request('x', [], { timeoutMs: 1 })).rejects.toThrow(OvsdbTimeout);
    session.close();
  });

  it('asks a silent peer for an echo, and gives it up when it stays silent', async () => {
    const { session, sent } = peer({ probeIntervalMs: 5 });
    const request = session.request('transact', []);
    await expect(request).rejects.toMatchObject({ constructor: OvsdbDisconnected, outcome: 'unknown' });
    expect(sent.at(-1)).toEqual({ method: 'echo', params: [], id: 'echo' });
    expect(await session.closed).toBeInstanceOf(OvsdbTimeout);
    await expect(session.request('a', [])).rejects.toMatchObject({ outcome: 'not-sent' });
  });

  it('ends with a peer that talks nonsense', async () => {
    const { session, stream } = peer();
    stream.push(Buffer.from('GET / HTTP/1.1'));
    expect(await session.closed).toBeInstanceOf(OvsdbProtocolError);
  });
});
