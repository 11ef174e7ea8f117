import { compileFilter, fieldPath } from './filter-sql';
import { parseFilter } from './filter';

describe('parseFilter', () => {
  it.each(['', '   '])('takes %j as no filter', (text) => expect(parseFilter(text)).toBeUndefined());

  it('evaluates from left to right, as LXD does', () => {
    expect(parseFilter('a eq 1 or b eq 2 and c eq 3')).toMatchObject({ kind: 'and', left: { kind: 'or' }, right: { field: 'c' } });
  });

  it('takes LXD’s own examples', () => {
    expect(parseFilter('name eq "my container" and status eq Running')).toMatchObject({ left: { value: 'my container' }, right: { value: 'Running' } });
    expect(parseFilter('config.image.os eq ubuntu or devices.eth0.nictype eq bridged')).toMatchObject({ kind: 'or' });
    expect(parseFilter('Properties.os eq Centos and not UpdateSource.Protocol eq simplestreams')).toMatchObject({ right: { kind: 'not' } });
  });

  it('keeps the parentheses of a regular expression and closes groups around it', () => {
    expect(parseFilter('(name eq ^(a|b)$) and type ne container')).toEqual({
      kind: 'and',
      left: { kind: 'compare', field: 'name', operator: 'eq', value: '^(a|b)$' },
      right: { kind: 'compare', field: 'type', operator: 'ne', value: 'container' },
    });
  });

  it.each([
    ['name', 'is no operator'],
    ['name eq', 'a value is missing'],
    ['name lt 3', '"lt" is no operator'],
    ['(name eq a', 'a ")" is missing'],
    ['name eq a b', 'unexpected "b"'],
    ['name eq "a', 'a quote is not closed'],
    ['name eq a and', 'a field name is missing'],
    [`${'('.repeat(40)}a eq b${')'.repeat(40)}`, 'nested deeper'],
    [Array.from({ length: 70 }, () => 'a eq b').join(' and '), 'more than 64 clauses'],
    [`a eq ${'x'.repeat(5000)}`, 'longer than'],
  ])('refuses %j', (text, why) => expect(() => parseFilter(text)).toThrow(why));
});

describe('compileFilter', () => {
  it.each([
    ['name', ['name']],
    ['config.user.x', ['config', 'user.x']],
    ['expanded_config.limits.cpu', ['expanded_config', 'limits.cpu']],
    ['ExpandedConfig.limits.cpu', ['expanded_config', 'limits.cpu']],
    ['devices.eth0.nictype', ['devices', 'eth0', 'nictype']],
    ['state.memory.usage', ['state', 'memory', 'usage']],
  ])('finds the field %s', (field, path) => expect(fieldPath(field)).toEqual(path));

  it('prefers columns and compares without case', () => {
    const filter = parseFilter('status eq running')!;
    expect(compileFilter(filter, 2, { status: 'status' })).toEqual({ sql: '(lower(status) = lower($2::text))', parameters: ['running'] });
  });

  it('anchors patterns', () => {
    expect(compileFilter(parseFilter('name ne web.*')!, 1, { name: 'name' })).toEqual({ sql: '(not (name ~* $1::text))', parameters: ['^(?:web.*)$'] });
  });

  it('does not take an inherited property for a column', () => {
    expect(compileFilter(parseFilter('constructor eq x')!, 1, {}).sql).toContain('doc::jsonb');
  });
});
