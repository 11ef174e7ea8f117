import { schemaProblems } from './check-schema';
import { parseSchema } from './parse-schema';

const schema = (version: string, columns: object) => parseSchema({ name: 'db', version, tables: { T: { columns } } });
const model = schema('1.2.0', { a: { type: 'string' }, b: { type: { key: 'string', value: 'integer', min: 0, max: 'unlimited' } } });

describe('schemaProblems', () => {
  it('is content with a server that knows more', () => {
    const server = schema('1.10.0', { a: { type: 'string' }, b: { type: { key: 'string', value: 'integer', min: 0, max: 8 } }, c: { type: 'real' } });
    expect(schemaProblems(model, server, { minVersion: '1.2.0' })).toEqual([]);
  });

  it('names what is missing, what is of another type and what is too old', () => {
    const server = schema('1.2.0', { a: { type: { key: 'string', min: 0 } } });
    expect(schemaProblems(model, server, { minVersion: '1.10.0' })).toEqual([
      'version 1.2.0 is older than 1.10.0',
      'column T.a is optional of string, expected one of string',
      'column T.b is missing',
    ]);
    expect(schemaProblems(model, server, { required: { T: [] } })).toEqual([]);
    expect(schemaProblems(model, { ...server, tables: {} })).toEqual(['table T is missing']);
  });

  it.each([null, {}, { name: 'x' }, { name: 'x', tables: { T: { columns: { a: { type: 'text' } } } } }])('refuses to read %j', (json) => {
    expect(() => parseSchema(json)).toThrow(/expected|not a type/);
  });
});
