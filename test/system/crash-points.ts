/** Where a move is, and whom to kill there. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MovingGuest } from './moving-guest';

/**
 * What can be seen of a move's steps, in their order; each is an effect whose event is not written yet. copied: what is left of the memory goes in the
 * pause; bound: the port is on both hosts, the guest not paused yet.
 */
export const PHASES = ['begun', 'prepared', 'disk', 'memory', 'copied', 'bound', 'paused', 'handed over', 'runs there', 'released'] as const;
export type Phase = (typeof PHASES)[number];

const AGENTS = ['source agent', 'target agent'] as const;
const SERVICES = ['network-svc', 'nats', 'postgres'] as const;
const SWITCHES = ['source ovn-controller', 'target ovn-controller'] as const;
export type Victim =
  (typeof AGENTS)[number] | (typeof SERVICES)[number] | (typeof SWITCHES)[number] | 'instance-svc' | 'source QEMU' | 'target QEMU' | 'network';

export type Point = [victim: Victim, phase: Phase];

const points = (victims: readonly Victim[], phases: readonly Phase[]): Point[] => phases.flatMap((phase) => victims.map((victim): Point => [victim, phase]));

export const EVERY: readonly Point[] = [
  ...points([...AGENTS, 'instance-svc'], PHASES),
  ...points(['source QEMU'], ['begun', 'prepared', 'disk', 'memory', 'copied', 'bound', 'paused', 'handed over', 'runs there']),
  ...points(['target QEMU'], ['prepared', 'disk', 'memory', 'copied', 'bound', 'paused', 'handed over', 'runs there']),
  ...points(SERVICES, ['begun', 'memory', 'bound', 'runs there']),
  ...points(SWITCHES, ['prepared', 'memory', 'bound', 'paused']),
  ...points(['network'], ['disk', 'memory', 'bound', 'paused', 'handed over']),
];
export const FEW: readonly Point[] = [
  ['source agent', 'paused'],
  ['target QEMU', 'memory'],
  ['network-svc', 'bound'],
  ['instance-svc', 'runs there'],
];

export interface BindingWatch {
  /** Has a port been on two hosts since? */
  wasBoth(): boolean;
  end(): void;
}

/** @param dir of the platform; all of its ports */
export function watchBindings(dir: string): BindingWatch {
  const database = `unix:${join(dir, 'run/ovn/nb.sock')}`;
  const child = spawn('ovsdb-client', ['monitor', database, 'OVN_Northbound', 'Logical_Switch_Port', 'options'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  return { wasBoth: () => /requested-chassis="?host\d,host\d/.test(text), end: () => void child.kill() };
}

/** How to see that a move of this guest, which has not begun, has come to a phase. */
export function watchMove(guest: MovingGuest, source: string, target: string, bindings: Pick<BindingWatch, 'wasBoth'>): (phase: Phase) => boolean {
  const count = (member: string, event: string) => guest.eventsOn(member).filter((one) => one === event).length;
  const stops = count(source, 'STOP');
  const isThere = (file: string) => existsSync(guest.fileOn(target, file));
  let wasPrepared = false;
  return (phase) => {
    const [at, coming] = [guest.migrationOn(source), guest.migrationOn(target)];
    wasPrepared ||= coming?.endpoint !== undefined;
    switch (phase) {
      case 'begun':
        return isThere('spec.json');
      case 'prepared':
        return wasPrepared;
      case 'disk':
      case 'memory':
        return at?.phase === phase;
      case 'copied':
        return at?.near !== undefined;
      case 'bound':
        return bindings.wasBoth();
      case 'paused':
        return count(source, 'STOP') > stops;
      case 'handed over':
        return at?.phase === 'handed-over';
      case 'runs there':
        return wasPrepared && count(target, 'RESUME') > 0;
      case 'released':
        return wasPrepared && !existsSync(guest.fileOn(source, 'spec.json'));
    }
  };
}

/** The guest dies with its own QEMU: the source's until its memory is elsewhere, the target's from then on. */
export const mayEndGuest = ([victim, phase]: Point): boolean =>
  (victim === 'source QEMU' && phase !== 'runs there') || (victim === 'target QEMU' && ['paused', 'handed over', 'runs there'].includes(phase));
