import { stubOperation } from '../testing/stub-instance-svc';
import { asyncEnvelope, errorEnvelope, rawErrorResponse, syncEnvelope } from './envelope';

/** Recorded from LXD 5.0.2. */
const GOLDEN = {
  sync: '{"type":"sync","status":"Success","status_code":200,"operation":"","error_code":0,"error":"","metadata":["/1.0"]}\n',
  error: '{"type":"error","status":"","status_code":0,"operation":"","error_code":404,"error":"Instance not found","metadata":null}\n',
};

describe('envelopes', () => {
  it('are LXD’s, byte by byte', () => {
    expect(syncEnvelope('["/1.0"]').toString()).toBe(GOLDEN.sync);
    expect(errorEnvelope(404, 'Instance not found').toString()).toBe(GOLDEN.error);
  });

  it('carry the operation in LXD’s field order', () => {
    const operation = stubOperation('01a2');
    const text = asyncEnvelope(operation, '/1.0/operations/01a2').toString();
    expect(
      text.startsWith(
        '{"type":"async","status":"Operation created","status_code":100,"operation":"/1.0/operations/01a2","error_code":0,"error":"","metadata":{"id":"01a2","class":"task","description"',
      ),
    ).toBe(true);
    expect((JSON.parse(text) as { metadata: unknown }).metadata).toEqual(operation);
  });

  it('keep what is not ASCII', () => {
    expect(JSON.parse(syncEnvelope('"Grüße 🧵"').toString())).toMatchObject({ metadata: 'Grüße 🧵' });
  });

  it('stay JSON with any message', () => {
    expect(JSON.parse(errorEnvelope(400, 'a "quoted"\nline').toString())).toMatchObject({ error: 'a "quoted"\nline' });
  });

  it('give the length in bytes on raw sockets', () => {
    const response = rawErrorResponse(403, 'nö');
    const [head, body] = response.split('\r\n\r\n') as [string, string];
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  });
});
