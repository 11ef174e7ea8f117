/** Why a channel ended before its time. */
export type SessionFailure =
  | 'aborted' /** one side gave up and said why */
  | 'peer-closed' /** the peer left without an EOF */
  | 'peer-lost' /** silent for longer than `peerTimeoutMs`: killed, or cut off */
  | 'peer-replaced' /** another process answers in the peer's place */
  | 'attach-timeout'
  | 'connection-lost';

export class SessionError extends Error {
  constructor(
    readonly failure: SessionFailure,
    message: string,
    /** The peer told us, or cannot hear us: there is nobody to tell. */
    readonly fromPeer = false,
  ) {
    super(message);
    this.name = 'SessionError';
  }
}
