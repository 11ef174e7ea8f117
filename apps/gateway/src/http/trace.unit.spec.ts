import { traced, traceparentOf } from './trace';

const ids = '4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7';

test.each([
  [`00-${ids}-01`, `00-${ids}-01`],
  [`00-${ids}-00`, `00-${ids}-00`],
  [`00-${ids}`, undefined],
  [`00-${ids}-01-${'x'.repeat(10_000)}`, undefined],
  [`00-${ids.toUpperCase()}-01`, undefined],
  ['', undefined],
  [undefined, undefined],
])('a traceparent of %p is taken as %p', (traceparent, expected) => {
  expect(traceparentOf({ traceparent })).toBe(expected);
});

test('without an exporter, nothing stands between a request and its handler', () => {
  const handler = jest.fn();
  expect(traced({ method: 'GET', path: '/1.0' }, handler)).toBe(handler);
});
