import type { Heartbeat } from '@weft/contracts';
import type { MemberDirectory, MemberView } from '../domain/member-directory';
import type { Candidate } from '../domain/placement';

interface Entry {
  heartbeat: Heartbeat;
  /** Our clock, milliseconds. */
  seenAt: number;
  assigned: number;
  /** The agent before this one was another process, or none is known: nobody watched meanwhile. */
  unwatched: boolean;
  /** Instances that this agent process has reported as running. */
  seenRunning: Set<string>;
  /** By this process itself, not only remembered from before its start. */
  heard: boolean;
}

/** Agents tell every second that they are there; one that starts together with us needs a little longer. */
const PATIENCE_MS = 8_000;
/** Members that have been taken away for good, or never were, hold nobody up longer than this where others are there. */
const SETTLED_MS = 2_500;

/** The members as their last heartbeats showed them, in memory of this process. */
export class MemberRegistry implements MemberDirectory {
  private readonly entries = new Map<string, Entry>();
  private readonly startedAt: number;
  private thresholdMs: number;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly offlineAfterMs: number,
    private readonly now: () => number = Date.now,
    private readonly patienceMs = PATIENCE_MS,
  ) {
    this.startedAt = now();
    this.thresholdMs = offlineAfterMs;
  }

  /** `cluster.offline_threshold`; undefined for what the platform was started with. */
  offlineAfter(ms: number | undefined): void {
    this.thresholdMs = ms ?? this.offlineAfterMs;
  }

  /** `seenAt`: milliseconds since the epoch. Says what is new about the member. */
  observe(heartbeat: Heartbeat, seenAt: number = this.now()): { agentRestarted: boolean; hostRestarted: boolean } {
    const before = this.entries.get(heartbeat.member);
    const same = before?.heartbeat.bootId === heartbeat.bootId;
    const seenRunning = same ? before.seenRunning : new Set<string>();
    for (const one of heartbeat.instances) if (one.status === 'running' || one.status === 'frozen') seenRunning.add(one.id);
    this.entries.set(heartbeat.member, { heartbeat, seenAt, assigned: 0, unwatched: same ? before.unwatched : true, seenRunning, heard: true });
    for (const look of this.waiting) look();
    const hostBefore = before?.heartbeat.hostBootId;
    return { agentRestarted: !same, hostRestarted: hostBefore !== undefined && hostBefore !== heartbeat.hostBootId };
  }

  /** What another process, or this one before its restart, saw last: the agent that is still the same was watched. */
  remember(heartbeat: Heartbeat, seenAt: number): void {
    this.entries.set(heartbeat.member, { heartbeat, seenAt, assigned: 0, unwatched: false, seenRunning: new Set(), heard: false });
  }

  /** Did nobody see this instance run since the agent, or its host, started? */
  endedUnseen(member: string, instanceId: string): boolean {
    const entry = this.entries.get(member);
    return entry !== undefined && entry.unwatched && !entry.seenRunning.has(instanceId);
  }

  expected(name?: string): boolean {
    if (this.patienceLeftMs() <= 0) return false;
    const entry = name === undefined ? undefined : this.entries.get(name);
    if (entry) return !entry.heard;
    const entries = [...this.entries.values()];
    if (entries.some(({ heard }) => heard) && this.now() - this.startedAt >= SETTLED_MS) return false;
    return name !== undefined || entries.length === 0 || entries.some(({ heard }) => !heard);
  }

  async heard(name?: string): Promise<void> {
    if (!this.expected(name)) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.expected(name)) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => this.giveUp(look, resolve), this.patienceLeftMs()).unref();
      this.waiting.add(look);
    });
  }

  private giveUp(look: () => void, resolve: () => void): void {
    this.waiting.delete(look);
    resolve();
  }

  private patienceLeftMs(): number {
    return this.patienceMs - (this.now() - this.startedAt);
  }

  get(name: string): MemberView | undefined {
    const entry = this.entries.get(name);
    return entry && { name, online: this.isOnline(entry), heartbeat: entry.heartbeat };
  }

  all(): MemberView[] {
    return [...this.entries].map(([name, entry]) => ({ name, online: this.isOnline(entry), heartbeat: entry.heartbeat }));
  }

  candidates(): Omit<Candidate, 'policy' | 'placed'>[] {
    return [...this.entries].map(([name, entry]) => ({ name, online: this.isOnline(entry), heartbeat: entry.heartbeat, assigned: entry.assigned }));
  }

  assign(name: string): void {
    const entry = this.entries.get(name);
    if (entry) entry.assigned += 1;
  }

  private isOnline(entry: Entry): boolean {
    return this.now() - entry.seenAt < this.thresholdMs;
  }
}
