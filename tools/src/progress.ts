/** What the user sees while something happens. `transient` lines are overwritten by the next line on a terminal. */
export interface Progress {
  line(text: string): void;
  /** Shows `what` as under way until `work` ends, and how long it took when it was worth a second. */
  during<T>(what: string, work: () => Promise<T>): Promise<T>;
}

export type ProgressSink = (message: { text: string; transient: boolean }) => void;

const seconds = (fromMs: number): string => `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;

export const createProgress = (sink: ProgressSink): Progress => {
  const underWay = new Map<string, number>();
  let ticker: NodeJS.Timeout | undefined;
  const tick = () => {
    const oldest = [...underWay].sort(([, a], [, b]) => a - b);
    if (oldest.length) sink({ text: `  waiting for ${oldest.map(([what, since]) => `${what} (${seconds(since)})`).join(', ')}`, transient: true });
  };
  const end = (what: string) => {
    underWay.delete(what);
    if (underWay.size === 0) {
      clearInterval(ticker);
      ticker = undefined;
    }
  };
  return {
    line: (text) => sink({ text, transient: false }),
    during: async (what, work) => {
      const since = performance.now();
      underWay.set(what, since);
      ticker ??= setInterval(tick, 1000).unref();
      try {
        const result = await work();
        sink({ text: `  ${what.padEnd(14)} ready in ${seconds(since)}`, transient: false });
        return result;
      } finally {
        end(what);
      }
    },
  };
};

const TRANSIENT_EVERY_MS = 5000;

/** Writes to a terminal (one moving line) or to a pipe (a line every few seconds). */
export const terminalSink = (out: NodeJS.WriteStream): ProgressSink => {
  let lastTransientAt = performance.now();
  return ({ text, transient }) => {
    if (out.isTTY) out.write(`\r\u001b[K${text}${transient ? '' : '\n'}`);
    else if (!transient) out.write(`${text}\n`);
    else if (performance.now() - lastTransientAt >= TRANSIENT_EVERY_MS) {
      lastTransientAt = performance.now();
      out.write(`${text}\n`);
    }
  };
};
