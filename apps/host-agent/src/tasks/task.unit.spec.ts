import { newId, WeftError } from '@weft/contracts';
import { SessionError } from '@weft/session';
import { instanceOf, parseTask, serialKey } from './task';
import { isRetryable, toWeftError } from './task-failure';

describe('tasks from the wire', () => {
  it('are parsed by the schema of their kind', () => {
    const taskId = newId();
    const parsed = parseTask({ taskId, kind: 'image.delete', body: { fingerprint: 'f' } });
    expect(parsed).toMatchObject({ ok: true, task: { taskId, kind: 'image.delete' } });
    if (parsed.ok) expect([instanceOf(parsed.task), serialKey(parsed.task)]).toEqual([undefined, 'image f']);
  });

  it.each([undefined, null, 'text', {}, { taskId: '../x', kind: 'image.delete', body: { fingerprint: 'f' } }])('refuse %j', (json) => {
    expect(parseTask(json)).toMatchObject({ ok: false, taskId: undefined });
  });

  it('name the task that is refused, so that it can be answered', () => {
    const taskId = newId();
    expect(parseTask({ taskId, kind: 'toString', body: {} })).toMatchObject({ ok: false, taskId });
    expect(parseTask({ taskId, kind: 'image.delete', body: {} })).toMatchObject({ ok: false, taskId });
  });
});

describe('failures of tasks', () => {
  const system = (code: string) => Object.assign(new Error(code), { code, syscall: 'write' });

  it('are final when they are answers, and may pass when something broke', () => {
    expect(isRetryable(new WeftError('image.not-found', 'no'))).toBe(false);
    expect(isRetryable(new TypeError('defect'))).toBe(false);
    expect(isRetryable(system('EBUSY'))).toBe(true);
    expect(isRetryable(new SessionError('peer-lost', 'gone'))).toBe(true);
  });

  it('are told in the words of the contract', () => {
    expect(toWeftError(system('ENOSPC')).code).toBe('disk.full');
    expect(toWeftError(system('EBUSY')).code).toBe('task.failed');
    expect(toWeftError(new Error('qemu-img: Could not open the disk'))).toMatchObject({ code: 'task.failed', message: 'qemu-img: Could not open the disk' });
    expect(toWeftError(new TypeError('x is undefined')).code).toBe('internal');
    expect(toWeftError('odd').code).toBe('internal');
  });
});
