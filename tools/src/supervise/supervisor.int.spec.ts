import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify } from '@weft/embedded';
import { eventually, scratchDir } from '@weft/testing';
import pino from 'pino';
import { makePlaces, places, type Places } from '../places';
import { createProgress } from '../progress';
import { nodeService } from './node-service';
import { takePidFile } from './single';
import { Supervisor } from './supervisor';

const main = join(__dirname, 'testing', 'stub-service.js');
const silent = pino({ level: 'silent' });
const progress = createProgress(() => undefined);

describe('Supervisor', () => {
  let scratch: Awaited<ReturnType<typeof scratchDir>>;
  let at: Places;

  beforeEach(async () => {
    scratch = await scratchDir();
    at = places(join(scratch.path, 'weft'));
    makePlaces(at);
  });
  afterEach(() => scratch.remove());

  const pidOf = (name: string): number => Number(readFileSync(at.readyFile(name), 'utf8'));
  const isRunning = (pid: number): boolean => identify(pid) !== undefined;

  it('starts services, restarts one that is killed, and stops them all', async () => {
    const supervisor = new Supervisor(
      [nodeService(at, { name: 'upper', after: ['lower'], main, env: {} }), nodeService(at, { name: 'lower', after: [], main, env: {} })],
      progress,
      silent,
    );
    await supervisor.start();
    const [first, upper] = [pidOf('lower'), pidOf('upper')];
    process.kill(first, 'SIGKILL');
    await eventually(() => existsSync(at.readyFile('lower')) && pidOf('lower') !== first && isRunning(pidOf('lower')));
    expect(pidOf('upper')).toBe(upper);
    const second = pidOf('lower');
    await supervisor.stop();
    expect([first, second, upper].filter(isRunning)).toEqual([]);
  }, 60_000);

  it('gives up on a service that never serves and shows the end of its log', async () => {
    const supervisor = new Supervisor([nodeService(at, { name: 'broken', after: [], main, env: { STUB_FAILS: '1' } })], progress, silent);
    await expect(supervisor.start()).rejects.toThrow(/broken ended; its log .*\nstub: cannot serve/);
    await supervisor.stop();
  }, 60_000);

  it('stops when several services fail and others wait for them', async () => {
    const broken = (name: string, after: string[] = []) => nodeService(at, { name, after, main, env: { STUB_FAILS: '1' } });
    const supervisor = new Supervisor([broken('one'), broken('two'), broken('upper', ['two'])], progress, silent);
    await expect(supervisor.start()).rejects.toThrow(/ended; its log/);
    await supervisor.stop();
  }, 60_000);

  it('hides the environment of the launcher from services', async () => {
    process.env.FOREIGN_SECRET = 'x';
    const supervisor = new Supervisor([nodeService(at, { name: 'service', after: [], main, env: { WEFT_MEMBER: 'host1' } })], progress, silent);
    await supervisor.start();
    const environment = readFileSync(`/proc/${pidOf('service')}/environ`, 'utf8');
    expect(environment).not.toContain('FOREIGN_SECRET');
    expect(environment).toContain('WEFT_MEMBER=host1');
    await supervisor.stop();
  }, 60_000);

  it('lets one launcher at a time have a directory', () => {
    expect(takePidFile(at.supervisorPid)).toBeUndefined();
    expect(takePidFile(at.supervisorPid)?.pid).toBe(process.pid);
  });
});
