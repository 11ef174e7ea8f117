/** What must not outlive the benchmark, the newest last. */
const endings = new Set<() => Promise<void>>();
let interrupted = false;

/**
 * Something that must not outlive the benchmark, whatever ends that: a platform, a server, its directory.
 * @returns does it now, once
 */
export function atEnd(end: () => Promise<void>): () => Promise<void> {
  const once = async (): Promise<void> => {
    if (endings.delete(once)) await end();
  };
  endings.add(once);
  return once;
}

async function interrupt(signal: NodeJS.Signals): Promise<void> {
  if (interrupted) return;
  interrupted = true;
  console.error(`${signal}: taking down what runs`);
  for (const end of [...endings].reverse()) await end().catch((error: unknown) => console.error(error));
  process.exit(1);
}

/** Runs a benchmark and ends the process with it, whatever it has left open; says what went wrong. */
export function runBench(main: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void interrupt(signal));
  void main().then(
    () => interrupted || process.exit(0),
    (error: unknown) => {
      // What was taken away under it is no news.
      if (interrupted) return;
      console.error(error);
      process.exit(1);
    },
  );
}
