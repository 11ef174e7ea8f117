import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { instancesPost, profilesPost } from '@weft/contracts';
import { parseJson, readBody, validate } from './body';

const request = (chunks: string[], headers: Record<string, string> = {}) =>
  Object.assign(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), { headers }) as unknown as IncomingMessage;

describe('request bodies', () => {
  it('are read up to the limit, announced or not', async () => {
    await expect(readBody(request(['ab', 'cd']), 4)).resolves.toEqual(Buffer.from('abcd'));
    await expect(readBody(request(['ab', 'cde']), 4)).rejects.toMatchObject({ code: 'request.too-large', status: 413 });
    await expect(readBody(request([], { 'content-length': '5' }), 4)).rejects.toMatchObject({ code: 'request.too-large' });
  });

  it('must be JSON of a bounded depth', () => {
    expect(parseJson(Buffer.from(''))).toEqual({});
    expect(() => parseJson(Buffer.from('{bad'))).toThrow('The request body is not JSON');
    expect(() => parseJson(Buffer.from('['.repeat(40) + ']'.repeat(40)))).toThrow('nested deeper');
  });

  it.each(['{"a":["\\u0000"]}', '{"a":{"x\\u0000":1}}', '{"a":"\\ud800"}', '{"a":"\\udc00\\ud800"}'])(
    'cannot hold text that Postgres would refuse: %s',
    (body) => {
      expect(() => parseJson(Buffer.from(body))).toThrow('Text must not contain NUL or broken characters');
    },
  );

  it('may escape whole characters', () => {
    expect(parseJson(Buffer.from('"\\ud83d\\ude00 \\\\u0000"'))).toBe('😀 \\u0000');
  });

  it('take null and missing fields for empty ones, as Go does', () => {
    expect(validate(profilesPost, { name: 'p1', config: null, devices: null })).toEqual({ name: 'p1', description: '', config: {}, devices: {} });
  });

  it('ignore unknown fields', () => {
    expect(validate(profilesPost, { name: 'p1', used_by: [], constructor: 1 })).not.toHaveProperty('used_by');
  });

  it.each([
    [{ name: 'p1', config: { 'limits.cpu': 2 } }, 'config.limits.cpu'],
    [{ name: 'p1', devices: { eth0: 'nic' } }, 'devices.eth0'],
    [{ name: 7 }, 'name'],
    ['', 'expected object'],
  ])('name the place of what is wrong in %j', (body, where) => {
    expect(() => validate(profilesPost, body)).toThrow(where);
  });

  it('need a source to make an instance from', () => {
    expect(() => validate(instancesPost, { name: 'c1' })).toThrow('source');
  });
});
