/** How a host becomes a member: somebody asks for a token in its name, and its agent shows it. */
import { token, WeftError, type LxdOperation } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { hashTokenSecret, secretOfToken } from '../domain/certificate-token';
import { decideMember } from '../domain/member.decider';
import { memberFold, memberStream, type MemberState } from '../domain/member.state';
import { operationFold, operationStream } from '../domain/operation.state';
import { JOIN_TOKEN_EXPIRY_KEY } from '../domain/server.config-keys';
import type { Deps } from '../instance.deps';
import { findTokenOperation, forgetToken } from '../queries/find-secrets';
import { requireUnrestricted } from './authorize';
import { issueToken } from './issue-token';
import { endOperation } from './operations';

/** LXD's default of cluster.join_token_expiry. */
const JOIN_TOKEN_EXPIRY = '3H';

/** `POST /1.0/cluster/members`. A new token for the same member takes the place of the one before. */
export const inviteMember: CommandHandler<'member.invite'> = async (deps, meta, body) => {
  requireUnrestricted(meta);
  const { name, serverFingerprint, addresses } = body;
  return issueToken(deps, meta, {
    command: 'member.invite',
    body,
    expiryKey: JOIN_TOKEN_EXPIRY_KEY,
    defaultExpiry: JOIN_TOKEN_EXPIRY,
    metadata: { serverName: name, fingerprint: serverFingerprint, addresses },
    async issued(uow, { id }: LxdOperation) {
      const { state } = await uow.load(memberFold, memberStream(name));
      uow.append(memberStream(name), decideMember({ type: 'invite', name, operationId: id }, state));
      const before = state.status === 'invited' ? state.operationId : undefined;
      if (before !== undefined) await endOperation(uow, before, { status: 'Cancelled' });
    },
  });
};

/** The agent's subject names it, and NATS has checked that. The token stays out of the command log. */
export const joinMember: CommandHandler<'member.join'> = async (deps, meta, { member, architecture, token: text }) => {
  if (meta.actor.username !== token(member)) throw new WeftError('auth.forbidden', 'not authorized');
  return execute(deps, meta, 'member.join', { member }, async (uow) => {
    const { state } = await uow.load(memberFold, memberStream(member));
    const secret = secretOfToken(text) ?? text;
    const invitation = await invitationWith(deps, uow, state, secret);
    const known = state.status !== 'removed' && secret !== '' && deps.enrolment.tokens[member] === hashTokenSecret(secret);
    const may = invitation !== undefined || known || (deps.enrolment.open && state.status !== 'removed');
    uow.append(memberStream(member), decideMember({ type: 'join', name: member, architecture, may }, state));
    if (invitation === undefined) return {};
    uow.inTransaction((client) => forgetToken(client, invitation));
    await endOperation(uow, invitation, { status: 'Success' });
    return {};
  });
};

/** Its operation, if that is the member's open invitation: used, revoked or expired means that it has ended. */
async function invitationWith(deps: Deps, uow: UnitOfWork, state: MemberState, secret: string): Promise<string | undefined> {
  if (state.status !== 'invited' || state.operationId === undefined || secret === '') return undefined;
  const operationId = await findTokenOperation(deps.pool, hashTokenSecret(secret));
  if (operationId === undefined || operationId !== state.operationId) return undefined;
  const { state: operation } = await uow.load(operationFold, operationStream(operationId));
  return operation.status === 'running' ? operationId : undefined;
}
