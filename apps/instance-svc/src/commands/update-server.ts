/**
 * The trust password's hash is kept in the table `secret`, not in the event. The log is kept for ever, is copied to
 * every consumer of the event stream and into backups; people choose passwords that a hash only slows down. The event
 * says that the password was set, and by whom; the hash is written in the same transaction and a rebuild never needs it.
 */
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { hashPassword } from './password-hash';
import { TRUST_PASSWORD_KEY } from '../domain/server.config-keys';
import { decideServerUpdate, SECRET_SHOWN } from '../domain/server.decider';
import { SERVER_STREAM, serverFold } from '../domain/server.state';
import { forgetSecret, storeSecretHash } from '../queries/find-secrets';
import { requireUnrestricted } from './authorize';

export const updateServer: CommandHandler<'server.update'> = (deps, meta, body) =>
  execute(deps, meta, 'server.update', withoutPassword(body), async (uow) => {
    requireUnrestricted(meta);
    const { state } = await uow.load(serverFold, SERVER_STREAM);
    const { events, password } = decideServerUpdate(body, state);
    uow.append(SERVER_STREAM, events);
    if (password.kind === 'set') {
      const hash = await hashPassword(password.password);
      uow.inTransaction((client) => storeSecretHash(client, TRUST_PASSWORD_KEY, hash));
    }
    if (password.kind === 'clear') uow.inTransaction((client) => forgetSecret(client, TRUST_PASSWORD_KEY));
    return {};
  });

/** What the command log may know of the body: it keeps a quick hash of it, which would give a weak password away. */
const withoutPassword = <B extends { config: Record<string, string> }>(body: B): B =>
  body.config[TRUST_PASSWORD_KEY] ? { ...body, config: { ...body.config, [TRUST_PASSWORD_KEY]: SECRET_SHOWN } } : body;
