import { isStartOf } from './lxc-processes';

const ID = '01a207ab-00f8-7595-aab7-9aef472f79b1';

describe('a start that goes on without who asked for it', () => {
  it.each([
    ['lxc-start of the container', `lxc-start\0-n\0${ID}\0-P\0/dir\0-d\0`, true],
    ['lxc-start by its path', `/usr/bin/lxc-start\0-n\0${ID}\0`, true],
    ['lxc-start of another one', `lxc-start\0-n\0${ID}2\0-P\0/dir\0`, false],
    ['the monitor, which renames itself before it enters its group', `[lxc monitor] /var/lib/instances ${ID}\0\0\0`, true],
    ['the monitor of another one', `[lxc monitor] /var/lib/instances/${ID} other\0`, false],
    ['whoever only mentions it', `grep\0-n\0${ID}\0`, false],
    ['a process that has ended', '', false],
  ])('is told by its command line: %s', (_, commandLine, isIt) => {
    expect(isStartOf(commandLine, ID)).toBe(isIt);
  });
});
