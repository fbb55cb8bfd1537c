import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { EventStream, JSON_LINES, SERVER_SENT } from './event-stream.ts';
import { CLIENT_STALL_MS, KEEP_ALIVE_MS, PARTS_AHEAD_MAX } from './limits.ts';

const open = (form = SERVER_SENT) => {
  const clock = createManualClock();
  let cancelled = 0;
  const events = new EventStream(
    clock,
    () => {
      cancelled += 1;
    },
    form,
  );
  return { clock, events, cancelled: () => cancelled };
};
const textOf = (part: { value: Uint8Array | undefined }): string =>
  new TextDecoder().decode(part.value ?? new Uint8Array());

describe('an event stream', () => {
  test('sends what was written in one turn as one part', async () => {
    const { events } = open();
    const reader = events.body.getReader();
    events.write('data: 1\n\n');
    events.write('data: 2\n\n');
    expect(textOf(await reader.read())).toBe('data: 1\n\ndata: 2\n\n');
    events.write('data: 3\n\n');
    events.end();
    expect(textOf(await reader.read())).toBe('data: 3\n\n');
    expect((await reader.read()).done).toBe(true);
  });

  test('comments into silence, and only into silence', async () => {
    const { clock, events } = open();
    const reader = events.body.getReader();
    events.write('data: 1\n\n');
    await reader.read();
    clock.advance(KEEP_ALIVE_MS);
    await nextTurn();
    clock.advance(KEEP_ALIVE_MS);
    expect(textOf(await reader.read())).toBe(': waiting\n\n');
  });

  test('says into the silence of lines of JSON what every reader skips', async () => {
    const { clock, events } = open(JSON_LINES);
    const reader = events.body.getReader();
    events.write('{"a":1}\n');
    let text = textOf(await reader.read());
    clock.advance(KEEP_ALIVE_MS);
    await nextTurn();
    clock.advance(KEEP_ALIVE_MS);
    text += textOf(await reader.read());
    events.write('{"b":2}\n');
    events.end();
    text += textOf(await reader.read());
    const lines = text.split('\n').slice(0, -1);
    expect(lines.map((line) => JSON.parse(line))).toEqual([{ a: 1 }, { b: 2 }]);
    expect(text).not.toBe('{"a":1}\n{"b":2}\n');
  });

  test('holds the writer back until the reader has caught up', async () => {
    const { events } = open();
    for (let part = 0; part < PARTS_AHEAD_MAX; part++) {
      expect(events.room()).toBeNull();
      events.write('data: x\n\n');
      await nextTurn();
    }
    const room = events.room();
    expect(room).not.toBeNull();
    await events.body.getReader().read();
    await room;
    expect(events.room()).toBeNull();
  });

  test('gives up on a reader that takes nothing', async () => {
    const { clock, events } = open();
    for (let part = 0; part < PARTS_AHEAD_MAX; part++) {
      events.write('data: x\n\n');
      await nextTurn();
    }
    const waiting = expect(events.room()).rejects.toMatchObject({ code: 'GATEWAY_CLIENT_STALLED' });
    clock.advance(CLIENT_STALL_MS);
    await waiting;
  });

  test('tells when the reader leaves', async () => {
    const { events, cancelled } = open();
    await events.body.cancel();
    expect(cancelled()).toBe(1);
    events.write('data: late\n\n');
    events.end();
  });
});
