import fc from 'fast-check';
import { compileFilter, isPattern } from './filter-sql';
import { parseFilter, type Filter } from './filter';

const word = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,12}$/).filter((text) => !['and', 'or', 'not'].includes(text));
const comparison = fc.record({
  kind: fc.constant('compare' as const),
  field: word,
  operator: fc.constantFrom('eq' as const, 'ne' as const),
  value: fc.string({ maxLength: 20 }),
});
const tree = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    comparison,
    fc.record({ kind: fc.constant('not' as const), of: tie('filter') }),
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), left: tie('filter'), right: tie('filter') }),
  ),
})).filter;

/** Every group in parentheses, every value in quotes: reads the same whatever the rules of binding are. */
function print(filter: Filter): string {
  switch (filter.kind) {
    case 'compare':
      return `${filter.field} ${filter.operator} "${filter.value.replace(/["\\]/g, '\\$&')}"`;
    case 'not':
      return `not (${print(filter.of)})`;
    default:
      return `(${print(filter.left)}) ${filter.kind} (${print(filter.right)})`;
  }
}

describe('filter', () => {
  it('reads back what was printed', () => {
    fc.assert(fc.property(tree, (filter) => expect(parseFilter(print(filter))).toEqual(filter)));
  });

  it('either parses or refuses with a sentence, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        try {
          parseFilter(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'request.invalid', message: expect.stringMatching(/^Invalid filter: /) as unknown });
        }
      }),
    );
  });

  it('puts nothing of the user into the SQL, and numbers parameters without holes', () => {
    fc.assert(
      fc.property(tree, fc.integer({ min: 1, max: 9 }), (filter, first) => {
        const { sql, parameters } = compileFilter(filter, first, { name: 'name' });
        expect(sql.replace(/coalesce\(doc::jsonb #>> array\[[^\]]*\], ''\)|lower|\$\d+|::text|name|and|or|not|~\*|[()= ]/g, '')).toBe('');
        const used = [...new Set([...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])))].sort((a, b) => a - b);
        expect(used).toEqual(parameters.map((_value, index) => first + index));
      }),
    );
  });

  it('uses a value as a pattern only when it is a sound one', () => {
    fc.assert(fc.property(fc.string({ maxLength: 30 }), (value) => void (isPattern(value) && new RegExp(value))));
  });
});
