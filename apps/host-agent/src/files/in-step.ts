/** Like Promise.all, but nothing is under way any more when it rejects: whoever takes a failed work back shall not meet the rest of it. */
export async function inStep(works: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}
