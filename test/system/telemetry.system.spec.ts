import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { startCollector, type CollectedSpan, type Collector } from './collector';
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

const SERVICES = ['gateway', 'instance-svc', 'agent-host1'] as const;
type ServiceName = (typeof SERVICES)[number];

interface Reply {
  status_code: number;
  metadata: { id: string; status: string; err: string };
}

describe('telemetry', () => {
  let weft: Platform;
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector();
    weft = await startPlatform({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_BSP_SCHEDULE_DELAY: '100',
        WEFT_LOG_LEVEL: 'debug',
        // The collector listens on this machine's loopback, which members with a network namespace of their own do not have.
        WEFT_NETWORKS: 'off',
      },
    });
  }, 240_000);
  afterAll(async () => {
    await weft?.stop();
    await collector?.close();
  }, 120_000);

  const traceOf = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId);
  const servicesIn = (spans: readonly CollectedSpan[]) => [...new Set(spans.map(({ service }) => service))].sort();
  const isPostgres = ({ scope }: CollectedSpan) => scope.includes('instrumentation-pg');
  /** Spans without a parent in the trace, those that came from outside aside. */
  const loose = (spans: readonly CollectedSpan[]) => {
    const known = new Set(spans.map(({ spanId }) => spanId));
    return spans.filter(({ parentSpanId }) => !known.has(parentSpanId)).map(({ name, parentSpanId }) => `${name} below ${parentSpanId || 'nothing'}`);
  };
  const ask = (method: string, path: string, body: unknown, traceparent: string) =>
    new Promise<Reply>((resolve, reject) => {
      request(
        { socketPath: join(weft.dir, 'unix.socket'), method, path, headers: { traceparent } },
        (response) => void json(response).then((reply) => resolve(reply as Reply), reject),
      )
        .on('error', reject)
        .end(body === undefined ? undefined : JSON.stringify(body));
    });
  const newTrace = () => {
    const ids = { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') };
    return { ...ids, traceparent: `00-${ids.traceId}-${ids.spanId}-01` };
  };
  const setState = async (action: string, traceparent: string): Promise<string> => {
    const reply = await ask('PUT', '/1.0/instances/t1/state', { action, force: true, timeout: 30 }, traceparent);
    return reply.metadata.id;
  };
  const ended = async (operation: string): Promise<void> => {
    const reply = await ask('GET', `/1.0/operations/${operation}/wait?timeout=60`, undefined, newTrace().traceparent);
    expect(reply.metadata).toMatchObject({ status: 'Success', err: '' });
  };
  const logLines = (service: ServiceName, traceId: string) =>
    readFileSync(join(weft.dir, 'log', `${service}.log`), 'utf8')
      .split('\n')
      .filter((line) => line.includes(traceId))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('shows a launch by the stock client as one trace from HTTP to the host and to Postgres', async () => {
    await weft.ok(['launch', 'tiny', 't1']);
    await holds(() => {
      const root = collector.spans.find(({ name, parentSpanId }) => name === 'POST /1.0/instances' && parentSpanId === '');
      const trace = traceOf(root?.traceId ?? '');
      expect(servicesIn(trace)).toEqual(['agent-host1', 'gateway', 'instance-svc']);
      expect(loose(trace)).toEqual(['POST /1.0/instances below nothing']);
      expect(trace.filter(isPostgres).map(({ service }) => service)).toContain('instance-svc');
      const names = trace.map(({ name }) => name);
      for (const name of ['command instance.create', 'saga instance.create', 'task instance.create'])
        expect(names.filter((one) => one === name)).toEqual([name]);
    });
    const route = collector.spans.find(({ name }) => name === 'POST /1.0/instances');
    expect(route?.attributes).toMatchObject({ 'http.request.method': 'POST', 'http.route': '/1.0/instances', 'http.response.status_code': '202' });
  });

  it('goes on in the trace of the client, and writes its id into every log line', async () => {
    const client = newTrace();
    await ended(await setState('stop', client.traceparent));
    await holds(() => {
      const trace = traceOf(client.traceId);
      expect(servicesIn(trace)).toEqual(['agent-host1', 'gateway', 'instance-svc']);
      expect(loose(trace)).toEqual([`PUT /1.0/instances/:name/state below ${client.spanId}`]);
      for (const service of SERVICES) {
        const [line] = logLines(service, client.traceId);
        expect(line).toMatchObject({
          trace_id: client.traceId,
          span_id: expect.stringMatching(/^[\da-f]{16}$/) as unknown,
          level: expect.any(String) as unknown,
        });
      }
    });
  });

  it('shows a read as the request and its queries', async () => {
    const client = newTrace();
    await ask('GET', '/1.0/instances/t1', undefined, client.traceparent);
    await holds(() => {
      const [root, ...queries] = traceOf(client.traceId).sort((a, b) => Number(isPostgres(a)) - Number(isPostgres(b)));
      expect(root).toMatchObject({ name: 'GET /1.0/instances/:name', parentSpanId: client.spanId, service: 'gateway' });
      expect(queries.length).toBeGreaterThan(0);
      expect(queries.every((query) => isPostgres(query) && query.service === 'gateway' && query.parentSpanId === root?.spanId)).toBe(true);
    });
  });

  it('resumes a saga in the trace of the request that began it', async () => {
    const client = newTrace();
    const agent = weft.pid('agent-host1');
    const before = weft.pid('instance-svc');
    process.kill(agent, 'SIGSTOP');
    try {
      const operation = await setState('start', client.traceparent);
      process.kill(before, 'SIGKILL');
      await holds(() => expect(weft.pid('instance-svc')).not.toBe(before), { timeoutMs: 60_000 });
      process.kill(agent, 'SIGCONT');
      await holds(() => ended(operation), { timeoutMs: 90_000 });
    } finally {
      process.kill(agent, 'SIGCONT');
    }
    await holds(() => {
      const resumed = traceOf(client.traceId).find(({ name }) => name === 'saga instance.start');
      expect(resumed?.service).toBe('instance-svc');
      expect(resumed?.pid).not.toBe(String(before));
      expect(servicesIn(traceOf(client.traceId))).toContain('agent-host1');
    });
  });

  it('shows a command in a guest with the end of its operation', async () => {
    await weft.ok(['exec', 't1', '--', 'true']);
    await holds(() => {
      const root = collector.spans.find(({ name }) => name === 'POST /1.0/instances/:name/exec');
      const trace = traceOf(root?.traceId ?? '').filter((span) => !isPostgres(span));
      expect(trace.map(({ name }) => name)).toEqual(expect.arrayContaining(['agent exec.open', 'command operation.finish']));
      expect(loose(traceOf(root?.traceId ?? ''))).toEqual(['POST /1.0/instances/:name/exec below nothing']);
    });
  });

  it('exports traces and nothing else', () => {
    expect([...collector.paths]).toEqual(['/v1/traces']);
  });

  it('counts in every service', async () => {
    await weft.ok(['delete', '-f', 't1']);
    const scrape = async (service: ServiceName): Promise<string> => {
      const address = readFileSync(join(weft.dir, 'run', `${service}.metrics`), 'utf8').trim();
      const response = await fetch(`http://${address}/metrics`);
      expect(response.status).toBe(200);
      return response.text();
    };
    const gateway = await scrape('gateway');
    expect(gateway).toMatch(/^weft_gateway_requests_total\{method="POST",route="\/1.0\/instances",status="202"\} [1-9]/m);
    expect(gateway).toMatch(/^weft_gateway_request_seconds_bucket\{le="\+Inf",method="POST",route="\/1.0\/instances"\} [1-9]/m);
    expect(gateway).toMatch(/^weft_gateway_websockets \d/m);
    const instances = await scrape('instance-svc');
    expect(instances).toMatch(/^weft_instance_commands_total\{command="instance.delete",outcome="ok"\} 1$/m);
    expect(instances).toMatch(/^weft_instance_sagas_total\{saga="instance.delete",outcome="done"\} 1$/m);
    expect(instances).toMatch(/^weft_instance_events_total\{type="InstanceDeleted"\} 1$/m);
    expect(instances).toMatch(/^weft_instance_append_seconds_count [1-9]/m);
    await holds(async () => expect(await scrape('instance-svc')).toMatch(/^weft_instance_relay_lag_seconds 0$/m));
    const agent = await scrape('agent-host1');
    expect(agent).toMatch(/^weft_agent_tasks_total\{kind="instance.create",outcome="ok"\} 1$/m);
    expect(agent).toMatch(/^weft_agent_requests_total\{verb="exec.open",outcome="ok"\} 1$/m);
    await holds(async () => expect(await scrape('agent-host1')).toMatch(/^weft_agent_guests\{status="running"\} 0$/m));
    for (const text of [gateway, instances, agent]) expect(text).toContain('process_resident_memory_bytes');
  });
});
