import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openScriptedGateway } from '../../../../test/kit/scripted-gateway.ts';
import { createGate, MODEL } from '../../../../test/kit/scripted-serving.ts';

const chat = (content: string, more: object = {}): object => ({
  model: MODEL,
  messages: [{ role: 'user', content }],
  max_tokens: 40,
  seed: 3,
  ...more,
});

function deltas(events: string): string {
  return events
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)))
    .map((chunk) => chunk.choices?.[0]?.delta?.content ?? '')
    .join('');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

describe('a worker that dies in the middle of a streamed answer', () => {
  test('costs a pause: the text is the same to the byte', async () => {
    await using calm = await openScriptedGateway();
    const whole = deltas(await (await calm.post('/chat/completions', chat('q', { stream: true }))).text());
    for (const at of [0, 1, 5, 11]) {
      let died = false;
      const diesAt = ({ generated }: { generated: number }): boolean => {
        if (died || generated < at) return false;
        died = true;
        return true;
      };
      await using scripted = await openScriptedGateway({ diesAt });
      const events = await (await scripted.post('/chat/completions', chat('q', { stream: true }))).text();
      expect(died).toBe(true);
      expect(events).toContain(': pause\n\n');
      expect(events.endsWith('data: [DONE]\n\n')).toBe(true);
      expect(deltas(events)).toBe(whole);
    }
  });

  test('twice is an error event, and the stream is closed', async () => {
    await using scripted = await openScriptedGateway({ diesAt: ({ generated }) => generated === 6 });
    const events = await (await scripted.post('/chat/completions', chat('q', { stream: true }))).text();
    const [last] = events.trimEnd().split('\n\n').slice(-1);
    expect(JSON.parse(last?.slice(6) ?? '')).toMatchObject({ error: { code: 'SERVE_QUARANTINED' } });
    expect(events).not.toContain('[DONE]');
    const whole = await scripted.post('/chat/completions', chat('q'));
    expect(whole.status).toBe(422);
    expect(await whole.json()).toMatchObject({ error: { code: 'SERVE_QUARANTINED' } });
  });
});

describe('200 clients at once', () => {
  test('are answered or told the truth, and nothing stays behind', async () => {
    await using scripted = await openScriptedGateway({ config: { sessionsMax: 4, queueMax: 40 } });
    const responses = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const stream = index % 2 === 0;
        const response = await scripted.post('/chat/completions', chat(`client ${index}`, { stream }));
        return { status: response.status, headers: response.headers, text: await response.text() };
      }),
    );
    const answered = responses.filter(({ status }) => status === 200);
    const refused = responses.filter(({ status }) => status !== 200);
    expect(answered.length).toBeGreaterThanOrEqual(44);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, headers, text } of refused) {
      expect([429, 503]).toContain(status);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(JSON.parse(text).error.queue_position).toBeGreaterThan(40);
    }
    expect(scripted.serving.stats()).toMatchObject({ active: 0, queued: 0, refused: refused.length });
    const metrics = await (await fetch(`${scripted.gateway.url}/metrics`)).text();
    expect(metrics).toContain('filon_requests_in_flight 0');
    expect(metrics).toContain(`filon_refused_total ${refused.length}`);
  });

  test('are too many when fewer may be in work', async () => {
    const gate = createGate();
    await using scripted = await openScriptedGateway({ limits: { requestsMax: 3 }, beforeToken: gate.pass });
    const held = [1, 2, 3].map((index) => scripted.post('/chat/completions', chat(`held ${index}`)));
    await gate.crowd(3);
    const response = await scripted.post('/chat/completions', chat('one more'));
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('1');
    gate.open();
    for (const answer of held) expect((await answer).status).toBe(200);
  });

  test('may not fill the memory with their bodies', async () => {
    const gate = createGate();
    const limits = { bodyBytesMax: 10_000, bodiesBytesMax: 12_000 };
    await using scripted = await openScriptedGateway({ limits, beforeToken: gate.pass });
    const long = ' ore'.repeat(1_800);
    const held = scripted.post('/chat/completions', chat(long));
    await gate.crowd(1);
    const response = await scripted.post('/chat/completions', chat(long));
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: 'GATEWAY_BODIES_FULL' } });
    gate.open();
    expect((await held).status).toBe(200);
    expect((await scripted.post('/chat/completions', chat(long))).status).toBe(200);
  });
});

describe('a client that leaves', () => {
  test.each([true, false])('frees its slot at once (streaming: %s)', async (stream) => {
    await using scripted = await openScriptedGateway({ config: { sessionsMax: 1 } });
    const leaving = new AbortController();
    const body = JSON.stringify(chat('long', { stream, max_tokens: 1500, ignore_eos: true }));
    const answering = fetch(`${scripted.baseURL}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: leaving.signal,
    });
    answering.catch(() => undefined);
    await until(() => scripted.engine.status().counters.generatedTokens > 5);
    leaving.abort();
    await until(() => scripted.serving.stats().active === 0);
    const { generatedTokens, cancelled } = scripted.engine.status().counters;
    expect(generatedTokens).toBeLessThan(1500);
    expect(cancelled).toBe(1);
    const next = await scripted.post('/chat/completions', chat('next', { max_tokens: 3, ignore_eos: true }));
    expect(next.status).toBe(200);
    expect(scripted.engine.status().counters.generatedTokens).toBe(generatedTokens + 3);
  });

  test('in the middle of its body leaves nothing behind', async () => {
    await using scripted = await openScriptedGateway();
    const socket = connect(scripted.gateway.port, '127.0.0.1');
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${scripted.gateway.port}\r\n`;
    socket.write(`${head}content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"model":`);
    const inFlight = async (): Promise<string> => (await fetch(`${scripted.gateway.url}/metrics`)).text();
    while (!(await inFlight()).includes('filon_requests_in_flight 1')) await nextTurn();
    socket.destroy();
    while (!(await inFlight()).includes('filon_requests_in_flight 0')) await nextTurn();
  });
});

describe('a body over the limit', () => {
  test('is read to its end, so that its sender hears why', async () => {
    await using scripted = await openScriptedGateway({ limits: { bodyBytesMax: 1_000_000 } });
    for (let round = 0; round < 8; round++) {
      const response = await scripted.post(
        '/chat/completions',
        chat('x'.repeat(1_500_000 + round * 400_000)),
      );
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ error: { code: 'GATEWAY_BODY_TOO_LARGE' } });
    }
  });
});

describe('a body that never ends', () => {
  test('is answered at its limit, though its length was not announced', async () => {
    await using scripted = await openScriptedGateway({ limits: { bodyBytesMax: 10_000 } });
    const socket = connect(scripted.gateway.port, '127.0.0.1');
    socket.on('error', () => undefined);
    let answer = '';
    socket.on('data', (part) => {
      answer += part.toString();
    });
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${scripted.gateway.port}\r\n`;
    socket.write(`${head}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`);
    const part = `1000\r\n${' '.repeat(4096)}\r\n`;
    while (!answer.includes('GATEWAY_BODY_TOO_LARGE') && !socket.destroyed) {
      socket.write(part);
      await nextTurn();
    }
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();
    expect((await scripted.post('/chat/completions', chat('next'))).status).toBe(200);
  });
});

describe('health', () => {
  test('is not readiness', async () => {
    await using scripted = await openScriptedGateway();
    const get = (path: string): Promise<Response> => fetch(scripted.gateway.url + path);
    expect((await get('/healthz')).status).toBe(200);
    const before = await get('/readyz');
    expect([before.status, await before.json()]).toEqual([
      503,
      { ready: false, reason: 'no model has been loaded yet' },
    ]);
    await scripted.post('/chat/completions', chat('a', { strange_field: 1 }));
    expect((await get('/readyz')).status).toBe(200);
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain('filon_unknown_fields_total{route="chat"} 1');
    expect(metrics).toContain('filon_requests_total{route="chat",status="200"} 1');
    expect(metrics).toContain('filon_time_to_first_token_seconds_count 1');
  });

  test('unknown paths and methods are refused in words', async () => {
    await using scripted = await openScriptedGateway();
    expect((await fetch(`${scripted.baseURL}/nowhere`)).status).toBe(404);
    expect((await fetch(`${scripted.baseURL}/chat/completions`)).status).toBe(405);
    expect((await fetch(`${scripted.baseURL}/models/nobody`)).status).toBe(404);
  });
});
