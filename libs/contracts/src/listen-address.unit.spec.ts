import { parseListenAddress } from './listen-address';

it.each([
  ['127.0.0.1:5353', '127.0.0.1', 5353],
  ['127.0.0.1', '127.0.0.1', 53],
  [':5300', '', 5300],
  ['[::1]:53', '::1', 53],
  ['[::]', '::', 53],
  ['fd42::1', 'fd42::1', 53],
  ['ns.lab.example:53', 'ns.lab.example', 53],
])('%s', (text, host, port) => {
  expect(parseListenAddress(text, 53)).toEqual({ host, port });
});

it.each(['127.0.0.1:0', '127.0.0.1:65536', '[::1', 'a b', '1.2.3.4:x', 'http://x'])('"%s" is no address', (text) => {
  expect(parseListenAddress(text, 53)).toBeUndefined();
});
