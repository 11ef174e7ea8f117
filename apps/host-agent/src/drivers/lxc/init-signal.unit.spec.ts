import { haltSignalOf, signalNumber } from './init-signal';

describe('init signals', () => {
  it.each([
    ['/usr/lib/systemd/systemd', 38],
    ['/bin/busybox', 12],
    ['/sbin/init', 30],
  ])('powers %s off with signal %i', (program, signal) => expect(haltSignalOf(program)).toBe(signal));

  it.each([
    ['SIGPWR', 30],
    ['PWR', 30],
    ['SIGRTMIN+3', 37],
    ['12', 12],
    ['SIGNONSENSE', undefined],
  ])('reads %s', (text, signal) => expect(signalNumber(text)).toBe(signal));
});
