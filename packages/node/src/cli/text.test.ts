/** What the commands print: formats, advice, progress, the events they read. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../adapters/memory/clock.ts';
import { durationText, plainText, rateText, tableText } from './format.ts';
import { homeFlag, withHome } from './hints.ts';
import { readOptions } from './options.ts';
import { createProgressLine, progressText } from './progress-line.ts';
import { readServerEvents } from './server-events.ts';

describe('formats', () => {
  test.each([
    [0, '0 s'],
    [-5, '0 s'],
    [59_400, '59 s'],
    [125_000, '2 min 05 s'],
    [3_599_600, '1 h 00 min'],
    [11_220_000, '3 h 07 min'],
    [200_000_000, '2 d 7 h'],
  ])('%d ms is %s', (durationMs, text) => expect(durationText(durationMs)).toBe(text));

  test('rates and tables', () => {
    expect([rateText(7.25), rateText(1234.5)]).toEqual(['7.3', '1,235']);
    expect(
      tableText([
        ['A', 'LONG'],
        ['wide', 'x'],
      ]),
    ).toBe('A     LONG\nwide  x');
  });

  test('what would steer a terminal is left out, everything else stays', () => {
    expect(plainText('a\u001b[31mred\u001b[0m\u001b]0;title\u0007\u001b]8;;x\u001b\\b\u0008\r\tc\nd')).toBe(
      'aredb\tc\nd',
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const shown = plainText(text);
        const left = [...shown].filter((char) => char < ' ' && char !== '\t' && char !== '\n');
        expect(left).toEqual([]);
      }),
    );
  });
});

describe('advised commands', () => {
  const text = 'Start one with `filon up`, or `./filon pull x`. `filon help` says more, `npm ci` not.';

  test('name the home that was named, and quote it where it needs that', () => {
    expect(withHome(text, './a b')).toBe(
      "Start one with `filon up --home './a b'`, or `./filon pull x --home './a b'`. `filon help` says more, `npm ci` not.",
    );
    expect(withHome('`filon up --home /h`', '/x')).toBe('`filon up --home /h`');
    expect(withHome(text, undefined)).toBe(text);
  });

  test.each(['/tmp/h', "it's", '$HOME; rm', '~/x', '`x`', ''])(
    'the shell reads --home %j as it was typed',
    (home) => {
      const script = `printf %s ${homeFlag(home).replace(' --home ', '')}`;
      const environment = { ...process.env, HOME: '~' };
      expect(execFileSync('bash', ['-c', script], { encoding: 'utf8', env: environment })).toBe(home);
    },
  );
});

describe('options', () => {
  const range = { min: 1, max: 8 };
  test('numbers are checked', () => {
    const options = readOptions({ together: '4', half: '0.5', many: '9', empty: '', on: true });
    expect(options.number('together', range)).toBe(4);
    expect(options.number('half', { min: 0, max: 1, whole: false })).toBe(0.5);
    expect(options.number('missing', range)).toBeUndefined();
    for (const name of ['half', 'many', 'empty']) {
      expect(() => options.number(name, range)).toThrow(
        expect.objectContaining({ code: 'CLI_OPTION_INVALID' }),
      );
    }
    expect([options.flag('on'), options.flag('together'), options.text('on')]).toEqual([
      true,
      false,
      undefined,
    ]);
  });
});

describe('progress', () => {
  test('one line says how far, how fast and how long', () => {
    const step = { label: 'model', done: 49_000_000, total: 98_000_000, unit: 'bytes' } as const;
    expect(progressText(step, { ratePerSecond: 7_000_000, leftMs: 7000 })).toBe(
      'model  [===========>            ]   50%  49.0 MB of 98.0 MB  7.00 MB/s  7 s left',
    );
    expect(progressText({ ...step, total: null }, { ratePerSecond: null, leftMs: null })).toBe(
      'model  49.0 MB',
    );
  });

  test('where there is little room the bar gives way, not the time left', () => {
    const step = { label: 'model: storing', done: 49_000_000, total: 98_000_000, unit: 'bytes' } as const;
    const pace = { ratePerSecond: 7_000_000, leftMs: 7000 };
    for (let room = 70; room < 100; room++) {
      const text = progressText(step, pace, room);
      expect(text.length).toBeLessThanOrEqual(room);
      expect(text).toMatch(/^model: storing {2}(\[=.*\] )? +50%.* 7 s left$/);
    }
    expect(progressText(step, pace, 79)).toContain('[');
    expect(progressText(step, pace, 20)).not.toContain('[');
  });

  test('a terminal that does not know its width gets the whole line, and no time left before the first bytes', () => {
    const clock = createManualClock();
    const shown: string[] = [];
    const write = (text: string): void => void shown.push(plainText(text));
    const stderr = { isTTY: true, columns: 0, write } as unknown as NodeJS.WriteStream;
    const line = createProgressLine({ clock, stderr, onStep: null });
    for (const done of [5, 65, 60_000_000]) {
      clock.advance(4000);
      line.update({ label: 'x', done, total: 98_000_000, unit: 'bytes' });
    }
    expect(shown[1]).toMatch(/ 65 B of 98\.0 MB {2}15 B\/s$/);
    expect(shown[2]).toMatch(/ left$/);
  });

  test('in a pipe each step has a line, long ones another one every few seconds, and none says 100%', () => {
    const clock = createManualClock();
    let shown = '';
    const write = (text: string): void => {
      shown += text;
    };
    const stderr = { isTTY: false, columns: 0, write } as unknown as NodeJS.WriteStream;
    const line = createProgressLine({ clock, stderr, onStep: null });
    const total = 98_000_000;
    const unit = 'bytes';
    line.update({ label: 'x: connecting', done: 0, total: null, unit });
    for (let done = 5; done < total; done += 14_000_000) {
      line.update({ label: 'x', title: 'x: downloading', done, total, unit });
      clock.advance(1000);
    }
    line.update({ label: 'x', title: 'x: downloading', done: total, total, unit });
    line.update({ label: 'x: verifying', done: 0, total, unit });
    line.update({ label: 'x: verifying', done: total, total, unit });
    line.end();
    expect(shown.split('\n')).toEqual([
      'x: connecting',
      'x: downloading',
      'x   71%  70.0 MB of 98.0 MB  14.0 MB/s  2 s left',
      'x: verifying',
      '',
    ]);
  });

  test('the rate is of the last seconds, and what was there before a resume does not count', () => {
    const clock = createManualClock();
    const steps: { ratePerSecond: number | null; leftMs: number | null }[] = [];
    const line = createProgressLine({ clock, stderr: process.stderr, onStep: (step) => steps.push(step) });
    line.update({ label: 'x', done: 50_000, total: 100_000, unit: 'bytes' });
    for (let done = 51_000; done <= 60_000; done += 1000) {
      clock.advance(1000);
      clock.jump(-3_600_000);
      line.update({ label: 'x', done, total: 100_000, unit: 'bytes' });
    }
    const last = steps.at(-1);
    expect(last?.ratePerSecond).toBeCloseTo(1000);
    expect(last?.leftMs).toBeCloseTo(40_000);
  });

  test('JSON lines come four times a second at most, the last one always', () => {
    const clock = createManualClock();
    const seen: number[] = [];
    const line = createProgressLine({
      clock,
      stderr: process.stderr,
      onStep: (step) => seen.push(step.done),
    });
    for (let done = 0; done <= 100; done++) {
      line.update({ label: 'x', done, total: 100, unit: 'share' });
      clock.advance(10);
    }
    expect(seen).toEqual([0, 25, 50, 75, 100]);
  });
});

describe('server-sent events', () => {
  async function read(pieces: Uint8Array[]): Promise<string[]> {
    const stream = (async function* () {
      yield* pieces;
    })();
    return Array.fromAsync(readServerEvents(stream));
  }

  test('data lines are joined, comments and other fields passed over', async () => {
    const text =
      ': hello\nevent: x\ndata: one\ndata:two\n\nid: 4\n\ndata\n\r\ndata: three\r\n\r\ndata: unfinished';
    expect(await read([Buffer.from(text)])).toEqual(['one\ntwo', '', 'three']);
  });

  test('how the bytes are cut changes nothing', async () => {
    const bytes = Buffer.from(
      'data: {"text":"Zwölf Bären 🐻"}\r\n\r\n: ping\n\ndata: a\rdata: b\r\rdata: [DONE]\n\n',
    );
    const whole = await read([bytes]);
    expect(whole).toEqual(['{"text":"Zwölf Bären 🐻"}', 'a\nb', '[DONE]']);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((end, at) => bytes.subarray(places[at], end));
        expect(await read(pieces)).toEqual(whole);
      }),
    );
  });

  test('a line without an end is not collected for ever', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    await expect(read(Array.from({ length: 6 }, () => piece))).rejects.toMatchObject({
      code: 'CLI_API_BROKEN',
    });
  });
});
