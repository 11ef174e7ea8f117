import { stateOfGone, stateOfRunning, type Ending } from './vm-state';

const ended = (changes: Partial<Ending>): Ending => ({ exitCode: 0, lastWords: '', sameHostBoot: true, ...changes });

describe('the state of a machine', () => {
  it('does not take silence for failure', () => {
    expect(stateOfRunning(undefined).status).toBe('running');
  });
  it.each([
    ['running', 'running'],
    ['paused', 'frozen'],
    ['prelaunch', 'stopped'],
    ['io-error', 'frozen'],
    ['internal-error', 'crashed'],
    ['finish-migrate', 'running'],
  ] as const)('calls %s %s', (state, status) => {
    expect(stateOfRunning(state).status).toBe(status);
  });

  it('tells a guest that halted from a QEMU that was killed', () => {
    const run = { phase: 'running' } as const;
    expect(stateOfGone(run, ended({}))).toEqual({ status: 'stopped', reason: 'guest' });
    expect(stateOfGone(run, ended({ exitCode: 137 }))).toEqual({ status: 'crashed', reason: 'QEMU was killed by signal 9' });
    expect(stateOfGone(run, ended({ exitCode: undefined })).status).toBe('crashed');
    expect(stateOfGone(run, ended({ lastWords: 'qemu: terminating on signal 15 from pid 7 (sh)' })).status).toBe('crashed');
    expect(stateOfGone(run, ended({ exitCode: 1, lastWords: 'no memory' })).reason).toContain('no memory');
    expect(stateOfGone(run, ended({ sameHostBoot: false })).reason).toContain('host was restarted');
  });
  it('asks nothing about an end that was asked for', () => {
    expect(stateOfGone({ phase: 'stopped' }, ended({ exitCode: 137 }))).toEqual({ status: 'stopped' });
  });
});
