/** What nodes that answer for one another say. */
import { seatAsks, seatTells } from '@filon/core/answering/answer-messages';
import { completionAsks, completionTells } from '@filon/core/answering/completion-messages';
import { PROMPT_BYTES_MAX } from '@filon/core/answering/limits';
import { decodePrompt, encodePrompt } from '@filon/core/answering/prompt-text';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { Target } from '../target.ts';
import { messagesTarget } from './codecs.ts';

const sampling = { ...DEFAULT_SAMPLING, logitBias: [[3, -1.5]], seed: 2n ** 63n };
const wanted = {
  ...{ tokens: new Uint8Array(12), promptTokens: 2, maxTokens: 9, sampling, stop: ['end'] },
  ...{ grammar: 'root ::= "a"', topLogprobs: 2, ignoreEos: false },
};
const loaded = {
  ...{ mode: 'exact', device: 'cpu', architecture: 'llama', vocabTokens: 512, contextTokens: 64 },
  ...{ trainedContextTokens: 128, sessionsMax: 3, embeddingLength: 8, bytes: 1000, numericClass: 'a' },
  dialect: {
    ...{ toolFormat: 'hermes', rendersTools: true, thinkingSwitch: false, systemRole: true },
    reasoning: { open: '<think>', close: '</think>' },
  },
};
const asked = {
  ...{ prompt: encodePrompt({ kind: 'text', text: 'the old lamp' }), choices: 2, maxTokens: null },
  ...{ sampling: { ...sampling, seed: null }, stop: ['end'], format: { kind: 'json' } },
  ...{ topLogprobs: 2, ignoreEos: false },
};
const candidate = { token: 3, bytes: Uint8Array.of(97), logprob: -0.5 };

const prompts: Target = {
  name: 'prompts',
  seeds: [
    encodePrompt({ kind: 'text', text: 'the old lamp' }),
    encodePrompt({
      kind: 'chat',
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'f', arguments: '{}' }] },
      ],
      tools: [{ name: 'f', description: 'd', parameters: { type: 'object', properties: { x: {} } } }],
      toolChoice: { kind: 'named', name: 'f' },
    }),
  ].map((text) => new TextEncoder().encode(text)),
  decode: (bytes) => void decodePrompt(new TextDecoder().decode(bytes)),
  codes: ['WIRE_MALFORMED', 'DIALECT_TOOLS_INVALID'],
  bytesMax: PROMPT_BYTES_MAX,
};

export const ANSWERING_TARGETS: readonly Target[] = [
  {
    ...messagesTarget(seatAsks, [
      { kind: 'sit', model: new Uint8Array(32), sessions: 2, commitment: new Uint8Array(32) },
      {
        ...{ kind: 'sit', model: new Uint8Array(32), sessions: 1, commitment: new Uint8Array(32) },
        ahead: {
          ...{ prompt: '{}', nonce: new Uint8Array(32) },
          session: {
            ...{ maxTokens: null, sampling: { ...sampling, seed: null }, stop: [], topLogprobs: null },
            ...{ ignoreEos: false, scope: new Uint8Array(16) },
          },
        },
      },
      { kind: 'tokenize', call: 1, prompt: '{}' },
      { kind: 'nonce', nonce: new Uint8Array(32) },
      { kind: 'open', session: 0, scope: new Uint8Array(16), wanted },
      { kind: 'cancel', session: 0 },
      { kind: 'embed', call: 2, texts: [new Uint8Array(8)] },
    ]),
    name: '/filon/answer/1, asked',
  },
  {
    ...messagesTarget(seatTells, [
      { kind: 'queued', position: 1, estimateMs: 1500.5 },
      { kind: 'seated', slots: 1, loaded, commitment: new Uint8Array(32) },
      {
        ...{ kind: 'seated', slots: 1, loaded, commitment: new Uint8Array(32), ahead: true },
        ...{ secret: new Uint8Array(32), next: new Uint8Array(32) },
      },
      { kind: 'refused', code: 'ANSWER_LIMIT', message: 'no', position: null, waitSeconds: 5 },
      { kind: 'tokens', call: 1, tokens: new Uint8Array(8), inReasoning: true },
      { kind: 'secret', secret: new Uint8Array(32) },
      {
        kind: 'signs',
        session: 0,
        signs: [
          { kind: 'prefilled', cachedTokens: 1 },
          { kind: 'token', position: 2, token: 3, text: 'a', logprob: { ...candidate, top: [candidate] } },
          { kind: 'end', reason: 'stop', text: '', stop: 'end' },
        ],
      },
      { kind: 'vectors', call: 2, vectors: [new Uint8Array(8)] },
      { kind: 'failed', call: 1, code: 'TEMPLATE_INVALID', message: 'no' },
      { kind: 'ended', session: 0, code: 'ENGINE_WORKER_DIED', message: 'it died' },
      { kind: 'beat' },
    ]),
    name: '/filon/answer/1, told',
  },
  {
    ...messagesTarget(completionAsks, [
      { kind: 'complete', model: new Uint8Array(32), reach: 'own', wanted: { request: asked, begun: 'a ' } },
      {
        ...{ kind: 'complete', model: new Uint8Array(32), reach: 'open' },
        wanted: {
          begun: '',
          request: {
            ...asked,
            prompt: new Uint8Array(8),
            format: { kind: 'schema', schema: '{"type":"null"}' },
          },
        },
      },
    ]),
    name: '/filon/completion/1, asked',
  },
  {
    ...messagesTarget(completionTells, [
      { kind: 'queued', position: 1, estimateMs: 1500.5 },
      {
        kind: 'chunks',
        chunks: [
          { kind: 'delta', choice: 0, text: 'a', logprobs: [{ ...candidate, token: -1, top: [candidate] }] },
          { kind: 'reasoning', choice: 1, text: 'hm' },
          { kind: 'tool-call', choice: 0, index: 0, id: 'a', name: 'f' },
          { kind: 'tool-arguments', choice: 0, index: 0, text: '{' },
          { kind: 'end', choice: 0, reason: 'stop', stop: 'end' },
        ],
      },
      { kind: 'done', usage: { promptTokens: 3, cachedTokens: 0, completionTokens: 2, reasoningTokens: 0 } },
      { kind: 'done', usage: null },
      { kind: 'refused', code: 'ANSWER_LIMIT', message: 'no', position: null, waitSeconds: 5 },
      { kind: 'beat' },
    ]),
    name: '/filon/completion/1, told',
  },
  prompts,
];
