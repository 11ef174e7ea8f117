/** What is known about a move before it begins: the dry run, and the first thing that the move itself does. */
import { moveFacts, WeftError, type InstanceSpec, type MoveFacts } from '@weft/contracts';
import { migrationBlockers, migrationMode, MOVE_LIMITS, predictMigration, type MigrationMode } from '../domain/migration.plan';
import type { MemberView } from '../domain/member-directory';
import { placeInstance } from '../domain/placement';
import type { CommandHandler } from '../api/command-handler';
import type { Deps } from '../instance.deps';
import { findInstance, type InstanceRow } from '../queries/find-instance';
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
  await deps.members.heard(wanted.target || undefined);
  const { member, explanation } = place(deps, row.spec, row.member, wanted.target);
  const [source, target] = [deps.members.get(row.member), deps.members.get(member)];
  if (!source || !target) throw new WeftError('member.unavailable', `Member ${member} is offline`);
  const facts = moveFacts.parse(await deps.agents.request(row.member, 'migration.facts', { instance: row.spec }));
  const blockers = migrationBlockers({ mode, spec: row.spec, facts, source: source.heartbeat, target: target.heartbeat });
  return { mode, source, target, explanation, facts, blockers };
}

function place(deps: Deps, { type, architecture, imageFingerprint }: InstanceSpec, source: string, target: string): { member: string; explanation: string } {
  const others = deps.members.candidates().filter(({ name }) => name !== source);
  if (target === '' && others.length === 0) throw new WeftError('member.none-suitable', 'There is no other member to move the instance to');
  return placeInstance(others, { type, architecture, fingerprint: imageFingerprint, target });
}

/** The dry run. */
export const migrationPlan: CommandHandler<'instance.migration-plan'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.name);
  const { mode, source, target, explanation, facts, blockers } = await planMigration(deps, row, body);
  const { durationMs, downtimeMs } = predictMigration(mode, facts, MOVE_LIMITS);
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
