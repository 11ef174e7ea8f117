import { transformFileSync } from '@swc/core';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

interface Probe {
  ids: { trace_id?: string; span_id?: string };
  traceparent?: string;
  /** Whether the OpenTelemetry SDK is in memory. */
  loaded: boolean;
}

/** The environment is read once, at the first import: each case is a process of its own. */
const probe = (env: Record<string, string>): Probe => {
  const file = join(__dirname, 'telemetry.ts');
  const { code } = transformFileSync(file, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } });
  const script = `${code}
    exports.withSpan('probe', {}, async () => ({ ids: exports.traceIds(), traceparent: exports.currentTraceparent() })).then(async (seen) => {
      await exports.stopTelemetry();
      const loaded = Object.keys(require.cache).some((file) => file.includes('sdk-node'));
      require('node:fs').writeSync(1, JSON.stringify({ ...seen, loaded }));
      process.exit(0);
    });`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: __dirname, env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' })) as Probe;
};
const NOWHERE = 'http://127.0.0.1:9';
const someSpan = { trace_id: expect.stringMatching(/^[\da-f]{32}$/) as unknown, span_id: expect.stringMatching(/^[\da-f]{16}$/) as unknown };

test.each<Record<string, string>>([{}, { OTEL_EXPORTER_OTLP_ENDPOINT: NOWHERE, OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }])(
  '%p loads nothing and traces nothing',
  (env) => expect(probe(env)).toEqual({ ids: {}, loaded: false }),
);

test('with a collector that is away there are ids all the same, W3C between our processes, and an end', () => {
  const { ids, traceparent, loaded } = probe({ OTEL_EXPORTER_OTLP_ENDPOINT: NOWHERE, OTEL_PROPAGATORS: 'b3' });
  expect(loaded).toBe(true);
  expect(ids).toEqual(someSpan);
  expect(traceparent).toBe(`00-${ids.trace_id}-${ids.span_id}-01`);
});

test('what the sampler leaves out is marked so for those who continue it', () => {
  const { ids, traceparent } = probe({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: NOWHERE, OTEL_TRACES_SAMPLER: 'always_off' });
  expect(ids).toEqual(someSpan);
  expect(traceparent).toMatch(/-00$/);
});
