import type { ServerEvent } from '@weft/contracts';
import { checkEtag } from './etag';
import { checkServerConfig, TRUST_PASSWORD_KEY } from './server.config-keys';
import { serverEtag, type ServerState } from './server.state';

/** How a secret key is shown: that it is set, never what it is set to. */
export const SECRET_SHOWN = 'true';

export interface UpdateServerConfig {
  mode: 'replace' | 'merge';
  ifMatch?: string;
  config: Readonly<Record<string, string>>;
}

/** What happens to the trust password: the shell stores its hash, or forgets it, in the same transaction. */
export type PasswordChange = { kind: 'keep' } | { kind: 'set'; password: string } | { kind: 'clear' };

export function decideServerUpdate(command: UpdateServerConfig, state: ServerState): { events: ServerEvent[]; password: PasswordChange } {
  checkEtag(command.ifMatch, serverEtag(state));
  const before = command.mode === 'merge' ? state.config : {};
  const config = checkServerConfig({ ...before, ...command.config });
  const password = passwordChange(config[TRUST_PASSWORD_KEY], state.config[TRUST_PASSWORD_KEY]);
  if (password.kind === 'set') config[TRUST_PASSWORD_KEY] = SECRET_SHOWN;
  return { events: [{ type: 'ServerConfigUpdated', data: { config } }], password };
}

/** A client that read "true" and sends it back means "as it is". */
function passwordChange(wanted: string | undefined, shown: string | undefined): PasswordChange {
  if (wanted === undefined) return shown === undefined ? { kind: 'keep' } : { kind: 'clear' };
  if (wanted === SECRET_SHOWN && shown === SECRET_SHOWN) return { kind: 'keep' };
  return { kind: 'set', password: wanted };
}
