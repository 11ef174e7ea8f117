import { headers, type NatsConnection } from '@nats-io/transport-node';
import { dnsQuestionHeaders, dnsQuestionSubject } from '@weft/contracts';
import { serverFailure } from '@weft/dns';
import { requestUntilHeard, type Logger } from '@weft/platform';
import type { AnswerQuestion } from './resolver-session';

/** Longer than the service waits for name servers; a stub resolver gives up after 5 s. */
const ATTEMPT_MS = 7_000;
/** A replica that is just being replaced is a pause. */
const DEADLINE_MS = 3_000;

/** Questions of guests go to any replica of the DNS service. */
export const askDnsService =
  (nc: NatsConnection, logger: Logger): AnswerQuestion =>
  async (networkId, question, transport) => {
    const about = headers();
    about.set(dnsQuestionHeaders.network, networkId);
    about.set(dnsQuestionHeaders.transport, transport);
    try {
      const answer = await requestUntilHeard(nc, dnsQuestionSubject, question, { attemptMs: ATTEMPT_MS, deadlineMs: DEADLINE_MS, headers: about });
      return answer.data.length > 0 ? Buffer.from(answer.data) : undefined;
    } catch (error) {
      logger.warn({ err: error, networkId }, 'the DNS service does not answer');
      return serverFailure(question);
    }
  };
