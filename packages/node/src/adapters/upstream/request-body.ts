/** A request of ours as the body of OpenAI's API, with the additions of programs that have some. */
import { offeredTools } from '@filon/core/dialect/check-tools';
import type {
  AnswerFormat,
  ChatMessage,
  ChatPrompt,
  CompletionRequest,
} from '@filon/core/serving/completion';
import { upstreamError } from '@filon/core/upstream/errors';
import type { UpstreamKind } from '@filon/core/upstream/kinds';
import type { UpstreamRequest } from '../../ports/upstreams.ts';
import { BYTES_PER_TOKEN_LEAST, TEXT_TOKENS_DEFAULT } from './limits.ts';

type Body = Record<string, unknown>;

export interface AskedBody {
  path: '/chat/completions' | '/completions';
  body: Body;
}

/** Codes: UPSTREAM_UNSUPPORTED. */
export function requestBody(asked: UpstreamRequest, kind: UpstreamKind): AskedBody {
  const { request } = asked;
  const common = { model: asked.model, ...commonFields(request), ...additions(request, kind) };
  if (request.prompt.kind === 'chat') {
    const chat = chatFields({ ...asked, prompt: request.prompt }, kind);
    return { path: '/chat/completions', body: { ...common, ...chat } };
  }
  const prompt = request.prompt.kind === 'text' ? request.prompt.text : request.prompt.tokens;
  const body = { ...common, prompt, max_tokens: request.maxTokens ?? textTokens(asked) };
  return {
    path: '/completions',
    body: request.topLogprobs === null ? body : { ...body, logprobs: request.topLogprobs },
  };
}

function commonFields({ sampling, choices, maxTokens, stop, format }: UpstreamRequest['request']): Body {
  const { temperature, topP, presencePenalty, frequencyPenalty, logitBias, seed } = sampling;
  return {
    stream: true,
    stream_options: { include_usage: true },
    temperature,
    top_p: topP,
    ...(choices === 1 ? {} : { n: choices }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
    ...(presencePenalty === 0 ? {} : { presence_penalty: presencePenalty }),
    ...(frequencyPenalty === 0 ? {} : { frequency_penalty: frequencyPenalty }),
    ...(logitBias.length === 0 ? {} : { logit_bias: Object.fromEntries(logitBias) }),
    ...(stop.length === 0 ? {} : { stop }),
    // Every program takes so many bits.
    ...(seed === null ? {} : { seed: Number(BigInt.asUintN(31, seed)) }),
    ...formatFields(format),
  };
}

function formatFields(format: AnswerFormat): Body {
  if (format.kind === 'text') return {};
  if (format.kind === 'json') return { response_format: { type: 'json_object' } };
  const { schema } = format;
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } };
}

/** What OpenAI's API does not have. */
function additions({ sampling, ignoreEos, prompt }: UpstreamRequest['request'], kind: UpstreamKind): Body {
  if (kind === 'other') {
    if (!ignoreEos) return {};
    const message =
      'going on past the end of an answer cannot be asked of this upstream; leave out ignore_eos';
    throw upstreamError({ code: 'UPSTREAM_UNSUPPORTED', what: 'ignore_eos' }, message);
  }
  const { topK, minP, repetitionPenalty } = sampling;
  const thinking = prompt.kind === 'chat' ? prompt.thinking : undefined;
  const all = kind === 'vllm' || kind === 'sglang' ? -1 : 0;
  const penalty = kind === 'llama-server' ? 'repeat_penalty' : 'repetition_penalty';
  return {
    top_k: topK === 0 ? all : topK,
    min_p: minP,
    ...(repetitionPenalty === 1 ? {} : { [penalty]: repetitionPenalty }),
    ...(ignoreEos ? { ignore_eos: true } : {}),
    ...(thinking === undefined ? {} : { chat_template_kwargs: { enable_thinking: thinking } }),
  };
}

function chatFields(asked: Omit<UpstreamRequest, 'request'> & ChatAsked, kind: UpstreamKind): Body {
  const { prompt, begun, request } = asked;
  const messages = prompt.messages.map((message) => messageOf(message, kind));
  const { topLogprobs } = request;
  return {
    messages: begun === '' ? messages : [...messages, { role: 'assistant', content: begun }],
    ...toolFields(prompt),
    ...(topLogprobs === null ? {} : { logprobs: true, top_logprobs: topLogprobs }),
    ...(begun === '' ? {} : continuing(kind)),
  };
}

interface ChatAsked {
  prompt: ChatPrompt;
  request: Omit<CompletionRequest, 'model'>;
}

/** llama-server goes on by itself, but not where the model would think first. */
function continuing(kind: UpstreamKind): Body {
  if (kind === 'llama-server') return { chat_template_kwargs: { enable_thinking: false } };
  return { add_generation_prompt: false, continue_final_message: true };
}

function messageOf(message: ChatMessage, kind: UpstreamKind): Body {
  const { role, content, name, reasoning, toolCalls, toolCallId } = message;
  return {
    role,
    content: content === '' && toolCalls !== undefined ? null : content,
    ...(name === undefined ? {} : { name }),
    ...(reasoning === undefined || kind === 'other' ? {} : { reasoning_content: reasoning }),
    ...(toolCalls === undefined ? {} : { tool_calls: toolCalls.map(toolCallOf) }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  };
}

function toolCallOf({ id, name, arguments: given }: NonNullable<ChatMessage['toolCalls']>[number]): Body {
  return { id, type: 'function', function: { name, arguments: given } };
}

function toolFields(prompt: ChatPrompt): Body {
  const tools = offeredTools(prompt);
  if (tools.length === 0) return {};
  const { toolChoice: choice, parallelToolCalls: parallel } = prompt;
  const named =
    choice?.kind === 'named' ? { type: 'function', function: { name: choice.name } } : choice?.kind;
  return {
    tools: tools.map(({ name, description, parameters }) => ({
      ...{ type: 'function', function: { name, description, parameters } },
    })),
    ...(named === undefined ? {} : { tool_choice: named }),
    ...(parallel === undefined ? {} : { parallel_tool_calls: parallel }),
  };
}

/** Endpoints would take 16. */
function textTokens({ request, contextTokens }: UpstreamRequest): number {
  if (contextTokens === null) return TEXT_TOKENS_DEFAULT;
  const { prompt } = request;
  const atMost =
    prompt.kind === 'tokens'
      ? prompt.tokens.length
      : Buffer.byteLength(textOf(prompt)) / BYTES_PER_TOKEN_LEAST;
  return Math.max(1, Math.min(TEXT_TOKENS_DEFAULT, Math.floor(contextTokens - atMost)));
}

function textOf(prompt: CompletionRequest['prompt']): string {
  return prompt.kind === 'text' ? prompt.text : '';
}
