/** What the platform needs of a NATS server, whoever runs it. Pure. */

/** What a server says of itself: fields of its INFO greeting (NATS client protocol). */
export interface NatsServerInfo {
  version: string;
  jetstream?: boolean;
}

const MAJOR = 2;
const LEAST_MINOR = 9;

/**
 * Why a server cannot be used, as a sentence; undefined when it can. Older servers drop newer fields of a request
 * without a word, so what is missing would show as lost work much later.
 */
export function natsServerProblem({ version, jetstream }: NatsServerInfo): string | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(version) ?? [];
  if (Number(major) !== MAJOR || !(Number(minor) >= LEAST_MINOR)) {
    return `NATS server ${version || 'of unknown version'} is not supported: ${MAJOR}.${LEAST_MINOR} or a later ${MAJOR}.x is needed`;
  }
  if (!jetstream) return `NATS server ${version} runs without JetStream: start it with -js or a "jetstream" block in its configuration`;
  return undefined;
}
