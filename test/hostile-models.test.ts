/**
 * Model files that are broken or mean ill, against a real node: each is refused with a clear error, at the pull where the
 * header shows it and at the load where only native code does, and the node goes on answering with another model.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFilonError } from '@filon/core/errors';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { jsonLines } from './kit/filon.ts';
import { type TinyModelOptions, tinyModel } from './kit/gguf.ts';
import { openRealNode, type RealNode } from './kit/real-node.ts';

const MESSAGES = [{ role: 'user', content: 'Hello' }];
/** No machine has what the model that needs too much needs with it: 1.1 TB. */
const CONTEXT_TOKENS = 1_048_576;
const HEADER_BYTES = 8_000;
const FLIPPED_FILES = 60;
const signal: AbortSignal = new AbortController().signal;

let node: RealNode;
let made = 0;
beforeAll(async () => {
  node = await openRealNode({ model: 'tiny', environment: { FILON_CONTEXT_TOKENS: `${CONTEXT_TOKENS}` } });
});
afterAll(() => node[Symbol.asyncDispose]());
afterEach(async () => {
  const answer = await node.post('/v1/chat/completions', {
    model: 'tiny',
    messages: MESSAGES,
    max_tokens: 2,
  });
  expect(answer.status, await answer.text()).toBe(200);
});

/** A file of its own, and the name under which it is pulled. */
function place(bytes: Uint8Array): { name: string; source: string } {
  made += 1;
  const path = join(node.home.folder, `hostile-${made}.gguf`);
  writeFileSync(path, bytes);
  return { name: `hostile-${made}`, source: `file:${path}` };
}

/** No two models of these tests are the same file: the store would know the second one by its hash. */
function distinct(options: TinyModelOptions): Uint8Array {
  return tinyModel({ contextTokens: 256 + made, ...options });
}

async function pulled(bytes: Uint8Array): Promise<string> {
  const { name, source } = place(bytes);
  await node.control.pull({ name: source }, { signal });
  return name;
}

async function ask(path: string, body: object): Promise<{ status: number; code: string; message: string }> {
  const answer = await node.post(path, { max_tokens: 2, ...body });
  const { error } = (await answer.json()) as { error?: { code: string; message: string } };
  return { status: answer.status, code: error?.code ?? '', message: error?.message ?? '' };
}

describe('at the pull, in the command line’s words', () => {
  const whole = tinyModel({ contextTokens: 255 });
  test.each<[string, Uint8Array, string, RegExp]>([
    ['a file cut in its tensors', whole.slice(0, whole.length / 2), 'GGUF_TRUNCATED', /is cut off: tensor/],
    ['a file cut in its header', whole.slice(0, 1000), 'GGUF_TRUNCATED', /is cut off: tokenizer/],
    ['an empty file', new Uint8Array(), 'MODEL_SOURCE_DEAD', /0 bytes/],
    ['a text', Buffer.from('no model '.repeat(99)), 'GGUF_NOT_GGUF', /is not a GGUF model/],
    ['a count that cannot be', counted(whole, 2n ** 60n), 'GGUF_', /is refused|is damaged/],
    [
      'an architecture that nobody knows',
      tinyModel({ architecture: 'abacus' }),
      'MODEL_ARCHITECTURE_UNSUPPORTED',
      /"abacus"/,
    ],
    ['one that makes no text', tinyModel({ architecture: 't5' }), 'MODEL_ARCHITECTURE_UNSUPPORTED', /"t5"/],
  ])('%s is refused', async (_, bytes, code, words) => {
    const { source } = place(bytes);
    const ran = await node.home.run(['pull', source, '--json']);
    const { error } = jsonLines(ran).at(-1) ?? {};
    expect(ran.code).toBe(1);
    expect(JSON.stringify(error)).toContain(`"code":"${code}`);
    expect(JSON.stringify(error)).toMatch(words);
    expect((await node.control.models({}, { signal })).stored).toHaveLength(1);
  });
});

describe('at the load, in the API’s words', () => {
  const u32 = (value: number) => ({ type: 'u32', value }) as const;
  const strings = (...value: string[]) => ({ type: 'strings', value }) as const;
  const llama = (key: string, value: number): TinyModelOptions => ({
    metadata: { [`llama.${key}`]: u32(value) },
  });
  test.each<[string, TinyModelOptions, number, string, RegExp]>([
    [
      'a model larger than memory',
      {
        contextTokens: CONTEXT_TOKENS,
        metadata: { 'llama.attention.key_length': u32(65_536), 'llama.attention.value_length': u32(65_536) },
      },
      503,
      'ENGINE_MEMORY',
      /needs about \d+\.\d GB with .*1048576/,
    ],
    ['layers that are not there', llama('block_count', 3), 422, 'ENGINE_LOAD_FAILED', /blk\.2\.attn_norm/],
    ['heads that do not fit', llama('attention.head_count', 3), 422, 'ENGINE_LOAD_FAILED', /n_rot/],
    [
      'tensors of another architecture',
      { architecture: 'gemma3' },
      422,
      'ENGINE_LOAD_FAILED',
      /post_attention_norm/,
    ],
    [
      'a vocabulary that native code aborts on',
      { metadata: { 'tokenizer.ggml.tokens': strings('a', 'a', 'a') } },
      422,
      'ENGINE_LOAD_FAILED',
      /^loading this model ended the worker of cpu \(SIGABRT\)/,
    ],
    [
      'a number that ends native code',
      { metadata: { 'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: Number.NaN } } },
      422,
      'ENGINE_LOAD_FAILED',
      /ended the worker/,
    ],
  ])('%s is refused', async (_, options, status, code, words) => {
    const model = await pulled(distinct(options));
    const answer = await ask('/v1/chat/completions', { model, messages: MESSAGES });
    expect(answer).toMatchObject({ status, code });
    expect(answer.message).toMatch(words);
  });

  test('weights that are no numbers are found by the self-test', async () => {
    const bytes = distinct({});
    const model = await pulled(bytes.fill(0xff, bytes.length - 60_000));
    const answer = await ask('/v1/chat/completions', { model, messages: MESSAGES });
    expect(answer).toMatchObject({ status: 422, code: 'ENGINE_SELF_TEST_FAILED' });
  });

  test(`of ${FLIPPED_FILES} headers with flipped bits none takes the node down`, {
    timeout: 120_000,
  }, async () => {
    const bit = fc.nat({ max: HEADER_BYTES * 8 - 1 });
    const flips = fc.sample(fc.array(bit, { minLength: 1, maxLength: 3 }), {
      numRuns: FLIPPED_FILES,
      seed: 7,
    });
    const outcomes = new Map<string, number>();
    for (const [index, bits] of flips.entries()) {
      const bytes = distinct({ seed: 1000 + index });
      for (const at of bits) bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
      const outcome = await fateOf(bytes);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // Some must have been stopped, and none by a way that has no name.
    expect(outcomes.size).toBeGreaterThan(1);
    for (const outcome of outcomes.keys()) expect(outcome).toMatch(/^(answered|(GGUF|MODEL|ENGINE)_\w+)$/);
  });
});

/** `answered`, or the code of the refusal. */
async function fateOf(bytes: Uint8Array): Promise<string> {
  try {
    const model = await pulled(bytes);
    const answer = await ask('/v1/completions', { model, prompt: 'Hello' });
    await node.control.remove({ name: model }, { signal });
    return answer.status === 200 ? 'answered' : answer.code;
  } catch (error) {
    return isFilonError(error) ? error.code : String(error);
  }
}

describe('in chats, a template', () => {
  const nested = (inner: string): string =>
    `{% for a in range(9999) %}{% for b in range(9999) %}${inner}{% endfor %}{% endfor %}`;
  const doubled = (start: string, sum: string): string =>
    `{% set ns = namespace(x=${start}) %}{% for a in range(9999) %}{% set ns.x = ns.x ${sum} ns.x %}{% endfor %}{{ ns.x }}`;
  test.each<[string, string | null, number, RegExp]>([
    ['that loops', nested('{% set x = a * b %}'), 422, /^TEMPLATE_TIMEOUT$/],
    ['that eats memory by a text', doubled("'a'", '~'), 422, /^TEMPLATE_(MEMORY|TIMEOUT)$/],
    ['that eats memory by a list', doubled('[1, 2, 3]', '+'), 422, /^TEMPLATE_(MEMORY|TIMEOUT)$/],
    ['that writes without end', nested('lorem ipsum '.repeat(99)), 400, /^TEMPLATE_OUTPUT_LIMIT$/],
    ['that is none', '{% for %}', 400, /^TEMPLATE_INVALID$/],
    ['that refuses', "{{ raise_exception('no') }}", 400, /^TEMPLATE_REFUSED$/],
    ['that is missing', null, 422, /^ENGINE_MODEL_UNSUPPORTED$/],
  ])('%s is refused, and texts still complete', async (_, chatTemplate, status, code) => {
    const model = await pulled(distinct({ chatTemplate }));
    for (let round = 0; round < 2; round += 1) {
      const answer = await ask('/v1/chat/completions', { model, messages: MESSAGES });
      expect([answer.status, answer.message], answer.code).toEqual([status, expect.stringMatching(/\w/)]);
      expect(answer.code).toMatch(code);
    }
    expect(await ask('/v1/completions', { model, prompt: 'Hello' })).toMatchObject({ status: 200 });
    expect((await node.status()).engine.workers).toMatchObject([{ state: 'up' }]);
  });
});

/** With another number of key-value pairs. */
function counted(bytes: Uint8Array, pairs: bigint): Uint8Array {
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setBigUint64(16, pairs, true);
  return copy;
}
