import { firstErrors, lastInitExit } from './lxc-log';

const line = (level: string, module: string, text: string): string =>
  `lxc-start c1 20261123074554.854 ${level.padEnd(8)} ${module} - ../src/lxc/${module}.c:some_function:34 - ${text}`;

describe('liblxc log', () => {
  it('tells how init ended last', () => {
    expect(lastInitExit(line('INFO', 'error', 'Child <15693> ended on signal Interrupt(2)'))).toEqual({ kind: 'halt' });
    expect(lastInitExit(line('INFO', 'error', 'Child <15693> ended on signal Killed(9)'))).toEqual({ kind: 'signal', signal: 9 });
    expect(lastInitExit(line('INFO', 'error', 'Child <15693> ended on error (3)'))).toEqual({ kind: 'error', code: 3 });
    expect(lastInitExit(line('INFO', 'start', 'Cloned CLONE_NEWUTS'))).toEqual({ kind: 'halt' });
    const reboot = line('INFO', 'error', 'Child <1> ended on signal Hangup(1)');
    expect(lastInitExit(`${reboot}\n${line('INFO', 'error', 'Child <2> ended on signal Interrupt(2)')}`)).toEqual({ kind: 'halt' });
  });

  it('gives the errors that came first, once each, without advice', () => {
    const log = [
      line('WARN', 'cgfsng', 'no matter'),
      line('ERROR', 'start', 'No such file or directory - Failed to exec "/nope"'),
      line('ERROR', 'start', 'No such file or directory - Failed to exec "/nope"'),
      line('ERROR', 'sync', 'An error occurred in another process'),
      line('ERROR', 'lxc_start', 'To get more details, run the container in foreground mode'),
    ].join('\n');
    expect(firstErrors(log)).toEqual(['No such file or directory - Failed to exec "/nope"', 'An error occurred in another process']);
    expect(firstErrors('')).toEqual([]);
  });
});
