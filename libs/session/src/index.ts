export { openChannel, SessionChannel, type ChannelOptions, type Side } from './channel';
export { MAX_CHUNK_BYTES } from './frame';
export { SessionError, type SessionFailure } from './session-error';
