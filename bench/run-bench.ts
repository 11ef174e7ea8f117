/** Runs a benchmark and ends the process with it, whatever it has left open; says what went wrong. */
export const runBench = (main: () => Promise<void>): void =>
  void main().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
