import { eventually } from '@weft/testing';

/** Waits until the assertions hold; after `timeoutMs` (default 20 s) their last failure is the test's. */
export async function holds(assertions: () => unknown, { timeoutMs = 20_000 }: { timeoutMs?: number } = {}): Promise<void> {
  const attempt = async () => {
    await assertions();
    return true;
  };
  await eventually(attempt, { timeoutMs }).catch((error: Error) => {
    throw error.cause ?? error;
  });
}
