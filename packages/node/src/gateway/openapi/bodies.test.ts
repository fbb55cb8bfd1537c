/** What the document says of bodies, held against the readers that judge them: neither takes what the other does not. */
import { isFilonError } from '@filon/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryOfSchema } from '../../../../../test/kit/arbitrary-of-schema.ts';
import { type Schema, schemaFaults } from '../../../../../test/kit/json-schema.ts';
import { MODEL, openScriptedServing } from '../../../../../test/kit/scripted-serving.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { countCall, messagesCall } from '../anthropic/request.ts';
import type { Caller } from '../http/intake.ts';
import { embed, embedOne } from '../ollama/embed.ts';
import { generateCall, chatCall as ollamaChat } from '../ollama/request.ts';
import { chatCall } from '../openai/chat-request.ts';
import { embeddings } from '../openai/embeddings.ts';
import { responseDraft } from '../openai/responses/request.ts';
import { textCall } from '../openai/text-request.ts';
import { openApiDocument } from './document.ts';
import { operationsOf } from './operations.ts';

type Body = Record<string, unknown>;

const { components } = JSON.parse(
  JSON.stringify(openApiDocument(operationsOf({ panel: true, access: true, web: true }), '0')),
) as { components: { schemas: Record<string, Schema> } };
const options = { schemas: new Map<string, Schema>() };

const caller: Caller = {
  signal: new AbortController().signal,
  onFirstToken: () => undefined,
  onUnknownFields: () => undefined,
};
const { serving } = await openScriptedServing();
const means = { serving, clock: createManualClock(), caller };
/** A model that is there, unless the name itself is at fault. */
const ours = (body: Body): Body =>
  typeof body['model'] === 'string' && body['model'] !== '' ? { ...body, model: MODEL } : body;

interface Reader {
  id: string;
  read: (body: Body) => unknown;
  /** What it refuses and no schema says, because it is about two fields at once, or about the model. */
  across?: RegExp;
  /** What it takes and the document does not offer: fields that it passes over, or reads more kindly than its vendor. */
  kind?: RegExp;
}

const TOOLS = 'needs tools|not among the tools|name of an earlier tool|same name';
const TURNS = `${TOOLS}|last one|say nothing`;
const MESSAGE_KIND = /^\$\.(thinking\.display|tool_choice\.disable|output_format|stop_sequences)/;
const OLLAMA_KIND = /^\$\.(keep_alive|think|system)/;
const RESUME = 'needs stream|only one choice|log-probabilities|number of 64 bits';
const LENGTH = /cannot be shortened|there is no token/;
const READERS: readonly Reader[] = [
  {
    id: 'createChatCompletion',
    read: chatCall,
    across: RegExp(`${TOOLS}|${RESUME}|needs logprobs`),
    kind: /^\$\.response_format/,
  },
  { id: 'createCompletion', read: textCall, across: /best_of|echo:/, kind: /^\$\.response_format/ },
  { id: 'createEmbedding', read: (body) => embeddings(serving, ours(body), caller), across: LENGTH },
  {
    id: 'createResponse',
    read: (body) => responseDraft(body).finish([], true),
    across: RegExp(`${TOOLS}|${RESUME}`),
  },
  { id: 'createMessage', read: messagesCall, across: RegExp(TURNS), kind: MESSAGE_KIND },
  { id: 'countTokens', read: countCall, across: RegExp(TURNS), kind: MESSAGE_KIND },
  { id: 'ollamaChat', read: ollamaChat, across: RegExp(TOOLS), kind: OLLAMA_KIND },
  { id: 'ollamaGenerate', read: generateCall, kind: OLLAMA_KIND },
  { id: 'ollamaEmbed', read: (body) => embed(ours(body), means), across: LENGTH },
  { id: 'ollamaEmbedOne', read: (body) => embedOne(ours(body), means), across: LENGTH, kind: /^\$\.prompt/ },
];

/** null: it was taken. */
async function refusalOf(read: (body: Body) => unknown, body: Body): Promise<string | null> {
  try {
    await read(body);
    return null;
  } catch (error) {
    if (isFilonError(error)) return error.message;
    throw error;
  }
}

describe.each(READERS)('the body of $id', ({ id, read, across, kind }) => {
  const name = `${id.charAt(0).toUpperCase()}${id.slice(1)}Request`;
  const schema = components.schemas[name] ?? {};
  const bodies = arbitraryOfSchema(schema) as fc.Arbitrary<Body>;

  test('is taken where the document allows it', async () => {
    let taken = 0;
    let drawn = 0;
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        expect(schemaFaults(schema, body, options)).toEqual([]);
        drawn += 1;
        const refusal = await refusalOf(read, body);
        if (refusal === null) taken += 1;
        else if (across?.test(refusal) !== true) throw new RangeError(refusal);
      }),
      { numRuns: 300 },
    );
    expect(taken).toBeGreaterThan(drawn / 10);
  });

  test('is allowed by the document where it is taken', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.tuple(bodies, fc.infiniteStream(fc.nat()), fc.jsonValue()), async (drawn) => {
        const [body, steps, value] = drawn;
        const changed = changedBody(body, steps, value) as Body;
        const refusal = await refusalOf(read, changed);
        if (refusal !== null) {
          refused += 1;
          return;
        }
        const faults = schemaFaults(schema, changed, options);
        expect(faults.filter((fault) => kind?.test(fault) !== true)).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(10);
  });
});

test('whether a tool failed is said by true or false alone', async () => {
  const result = { type: 'tool_result', tool_use_id: 't', content: 'cold', is_error: [null] };
  const body = { model: MODEL, max_tokens: 9, messages: [{ role: 'user', content: [result] }] };
  expect(await refusalOf(messagesCall, body)).toContain('is_error');
});

test('a message without a kind is offered, as it is taken', async () => {
  const body = { model: MODEL, input: [{ type: null, role: 'user', content: 'Hello' }] };
  expect(await refusalOf((given) => responseDraft(given).finish([], true), body)).toBeNull();
  expect(schemaFaults(components.schemas['CreateResponseRequest'] ?? {}, body, options)).toEqual([]);
});

/** The body with something else in one place, or without it: a few steps down, where the stream says. */
function changedBody(value: unknown, steps: Iterator<number>, other: unknown): unknown {
  const step = (): number => Number(steps.next().value);
  if (typeof value !== 'object' || value === null) return other;
  const entries = Object.entries(value);
  const [key, inner] = entries[step() % Math.max(1, entries.length)] ?? [];
  if (key === undefined) return value;
  const deeper = typeof inner === 'object' && inner !== null && step() % 4 > 0;
  const removes = !deeper && step() % 3 === 0;
  if (Array.isArray(value)) {
    const index = Number(key);
    return removes
      ? value.toSpliced(index, 1)
      : value.with(index, deeper ? changedBody(inner, steps, other) : other);
  }
  const rest = Object.fromEntries(entries.filter(([name]) => name !== key));
  return removes ? rest : { ...rest, [key]: deeper ? changedBody(inner, steps, other) : other };
}
