import { FilonError } from '@filon/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnswerRun, NO_RUN } from './answer-run.ts';
import { eventsOf } from './events.fixture.ts';
import { AWAY_FAILURES, type Following, followAnswer, RETRIES_MAX } from './follow-answer.ts';

const never: AbortSignal = new AbortController().signal;
const unreachable = (): FilonError => new FilonError({ code: 'WEB_UNREACHABLE' }, 'away');
const refused = (status: number): FilonError<{ code: string; status: number; reason: string }> =>
  new FilonError({ code: 'WEB_REFUSED', status, reason: 'SOME_CODE' }, 'no');

async function* stream(events: readonly unknown[], breaks: boolean): AsyncGenerator<unknown> {
  yield* events;
  if (breaks) throw unreachable();
}

/** A node that has all events and gives `portions` of them before each connection breaks. */
function node(events: readonly unknown[], portions: readonly number[]): Following & { waits: number[] } {
  const waits: number[] = [];
  let connection = 0;
  const from = (after: number): AsyncGenerator<unknown> => {
    const count = portions[connection] ?? events.length;
    connection += 1;
    const rest = events.slice(after + 1);
    return stream(rest.slice(0, count), count < rest.length);
  };
  return {
    waits,
    start: async () => from(-1),
    resume: async (_, after) => from(after),
    onRun: () => undefined,
    wait: async (ms) => {
      waits.push(ms);
    },
    signal: never,
  };
}

describe('following', () => {
  test('gets the whole answer, wherever connections break', async () => {
    const portions = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { maxLength: 20 }), portions, async (words, sizes) => {
        const run = await followAnswer(NO_RUN, node(eventsOf(words), sizes));
        expect(run).toMatchObject({ text: words.join(''), end: { kind: 'done' } });
      }),
    );
  });

  test('waits longer each time nothing comes, and gives up at last', async () => {
    const following = { ...node(eventsOf(['one']), [2]), resume: () => Promise.reject(unreachable()) };
    const run = await followAnswer(NO_RUN, following);
    expect(run).toMatchObject({ text: 'one', responseId: 'resp_1', end: { kind: 'lost' } });
    expect(following.waits.slice(0, 6)).toEqual([500, 1000, 2000, 4000, 8000, 10_000]);
    expect(following.waits).toHaveLength(RETRIES_MAX);
  });

  test('ends at once when a question was not taken', async () => {
    const following = { ...node([], []), start: () => Promise.reject(refused(503)) };
    const run = await followAnswer(NO_RUN, following);
    expect(run.end).toEqual({ kind: 'failed', code: 'SOME_CODE', message: 'no' });
    expect(following.waits).toEqual([]);
  });

  test.each([
    [503, 1],
    [429, 1],
    [404, 0],
    [403, 0],
  ])('asks again after %d %d times', async (status, times) => {
    let refusals = 0;
    const base = node(eventsOf(['one', 'two']), [2]);
    const resume: Following['resume'] = (id, after) =>
      refusals++ === 0 ? Promise.reject(refused(status)) : base.resume(id, after, null);
    await followAnswer(NO_RUN, { ...base, resume });
    expect(refusals - 1).toBe(times);
  });

  test('tells every change, and each wait', async () => {
    const told: [string, number | null][] = [];
    const onRun = (run: AnswerRun, ms: number | null): void => void told.push([run.text, ms]);
    await followAnswer(NO_RUN, { ...node(eventsOf(['one', ' two']), [2]), onRun });
    expect(told).toEqual([
      ['', null],
      ['one', null],
      ['one', 500],
      ['one two', null],
      ['one two', null],
    ]);
  });

  test('is left by its signal', async () => {
    const leave = new AbortController();
    const base = node(eventsOf(['one']), [1]);
    const wait = async (): Promise<void> => leave.abort(new RangeError('left'));
    await expect(followAnswer(NO_RUN, { ...base, wait, signal: leave.signal })).rejects.toThrow('left');
  });
});

describe('an answer whose node is gone', () => {
  const words = ['one', ' two', ' three', ' four'];
  /** With what it takes to go on; under the name that it has there. */
  const toldOf = (id: string): unknown[] => {
    const told = (sequence: number, news: object): object => ({
      ...{ type: 'response.filon.resume', sequence_number: sequence },
      ...news,
    });
    return eventsOf(words).flatMap((event, index): unknown[] => {
      if (index === 0)
        return [{ ...event, response: { id, status: 'in_progress' } }, told(0, { start: 'S' })];
      const word = words[index - 1];
      return word === undefined ? [event] : [told(index - 1, { from: index - 1, drawn: [word] }), event];
    });
  };
  /** Breaks after so many events, and is not there any more. */
  const gone = (count: number): Following => ({
    ...node([], []),
    start: async () => stream(toldOf('resp_a').slice(0, count), true),
    resume: () => Promise.reject(unreachable()),
  });

  test('goes on elsewhere from what was told, and shows nothing twice', async () => {
    for (let count = 2; count < toldOf('').length; count++) {
      const texts: string[] = [];
      const asked: unknown[] = [];
      const waits: number[] = [];
      const run = await followAnswer(NO_RUN, {
        ...gone(count),
        others: () => ['https://b', 'https://c'],
        goOn: async (gateway, resumption) => {
          asked.push([gateway, resumption.start, [...resumption.drawn]]);
          if (gateway === 'https://b') throw unreachable();
          return stream(toldOf('resp_c'), false);
        },
        onRun: ({ text }) => void texts.push(text),
        wait: async (ms) => void waits.push(ms),
      });
      expect(run).toMatchObject({ text: words.join(''), gateway: 'https://c' });
      expect(run.end).toEqual({ kind: 'done' });
      const held = words.slice(0, Math.ceil((count - 2) / 2));
      expect(asked).toEqual(['https://b', 'https://c'].map((gateway) => [gateway, 'S', held]));
      expect(waits).toHaveLength(AWAY_FAILURES);
      expect(texts).toEqual(texts.toSorted((a, b) => a.length - b.length));
    }
  });

  test('stays where it was while nobody else can', async () => {
    const calls: string[] = [];
    let tries = 0;
    let open = 0;
    async function* refusing() {
      open += 1;
      try {
        yield { type: 'error', code: 'x', message: 'no' };
        yield { type: 'nothing' };
      } finally {
        open -= 1;
      }
    }
    const run = await followAnswer(NO_RUN, {
      ...gone(5),
      resume: async (id, after, gateway) => {
        calls.push(`${id} ${after} ${gateway}`);
        if (++tries < 8) throw unreachable();
        return stream(toldOf('resp_a').slice(5), false);
      },
      others: () => ['https://b'],
      goOn: async () => refusing(),
    });
    expect(open).toBe(0);
    expect(run).toMatchObject({ text: words.join(''), gateway: null, end: { kind: 'done' } });
    expect(new Set(calls)).toEqual(new Set(['resp_a 1 null']));
  });

  test('is not taken elsewhere where nothing was told', async () => {
    const goOn = (): never => {
      throw new RangeError('nobody may be asked');
    };
    const run = await followAnswer(NO_RUN, { ...gone(1), others: () => ['https://b'], goOn });
    expect(run.end).toEqual({ kind: 'lost' });
  });
});
