/** What is known about a move before it begins: the dry run, and the first thing that the move itself does. */
import { moveFacts, WeftError, type InstanceSpec, type MoveFacts } from '@weft/contracts';
import { migrationBlockers, migrationMode, moveLimits, predictMigration, type MigrationMode } from '../domain/migration.plan';
import type { MemberView } from '../domain/member-directory';
import type { Placement } from '../domain/placement';
import type { CommandHandler } from '../api/command-handler';
import type { Deps } from '../instance.deps';
import { findInstance, type InstanceRow } from '../queries/find-instance';
import { place } from './place';
import { requireOnline } from './require-online';

export interface MigrationPlan {
  mode: MigrationMode;
  source: MemberView;
  target: MemberView;
  /** Why that target. */
  explanation: string;
  facts: MoveFacts;
  blockers: string[];
}

/** @throws WeftError for what makes no sense at all: an unknown or absent member, the member where it is, a wrong status */
export async function planMigration(deps: Deps, row: InstanceRow, wanted: { target: string; live: boolean }): Promise<MigrationPlan> {
  const mode = migrationMode({ status: row.status, type: row.spec.type }, wanted.live);
  if (wanted.target === row.member) throw new WeftError('instance.wrong-status', `The instance is on member ${row.member} already`);
  await requireOnline(deps, row.member);
  const { member, explanation } = await placeElsewhere(deps, row.spec, row.member, wanted.target);
  const [source, target] = [deps.members.get(row.member), deps.members.get(member)];
  if (!source || !target) throw new WeftError('member.unavailable', `Member ${member} is offline`);
  const facts = moveFacts.parse(await deps.agents.request(row.member, 'migration.facts', { instance: row.spec }));
  const blockers = migrationBlockers({ mode, spec: row.spec, facts, source: source.heartbeat, target: target.heartbeat });
  return { mode, source, target, explanation, facts, blockers };
}

async function placeElsewhere(deps: Deps, { type, architecture, imageFingerprint }: InstanceSpec, source: string, target: string): Promise<Placement> {
  const needs = { type, architecture, fingerprint: imageFingerprint };
  return place(deps, target, needs, (others) => {
    if (target === '' && others.length === 1) throw new WeftError('member.none-suitable', 'There is no other member to move the instance to');
    return others.filter(({ name }) => name !== source);
  });
}

/** The dry run. */
export const migrationPlan: CommandHandler<'instance.migration-plan'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.name);
  const { mode, source, target, explanation, facts, blockers } = await planMigration(deps, row, body);
  const { durationMs, downtimeMs } = predictMigration(mode, facts, moveLimits(row.spec.config));
  const result = {
    mode,
    source: source.name,
    target: target.name,
    explanation,
    blockers,
    disk_bytes: facts.usedBytes,
    memory_bytes: facts.memoryBytes,
    predicted_duration_ms: durationMs,
    predicted_downtime_ms: downtimeMs,
  };
  return { result };
};
