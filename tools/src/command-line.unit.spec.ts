import { parseCommandLine } from './command-line';

describe('parseCommandLine', () => {
  it.each([
    [['start'], { command: 'start', detach: false, members: undefined }],
    [['start', '--detach', '--members', '3'], { command: 'start', detach: true, members: 3 }],
    [['start', '--members=2'], { command: 'start', detach: false, members: 2 }],
    [['down'], { command: 'down' }],
    [['credentials', '--host', 'host4'], { command: 'host-credentials', host: 'host4' }],
    [['reset', '--yes'], { command: 'reset', yes: true }],
    [[], { command: 'help' }],
  ])('%j', (args, expected) => expect(parseCommandLine(args)).toEqual(expected));

  it.each([
    [['begin'], /unknown command "begin"/],
    [['start', '--member', '3'], /unknown option "--member"/],
    [['start', '--members', '0'], /from 1 to 64/],
    [['start', '--members'], /from 1 to 64/],
    [['start', 'now'], /unexpected argument "now"/],
    [['credentials', '--host', 'a.b'], /the name of a host/],
    [['down', '--yes'], /unknown option/],
  ])('%j is refused with a sentence', (args, message) => expect(() => parseCommandLine(args)).toThrow(message));
});
