/** The body of a question to the node. */
import type { ChatSettings, Message } from '../conversation/message.ts';
import { inputOf } from '../conversation/prompt.ts';

/** `background`: the answer goes on while nobody listens, so that a reload or a broken line costs nothing. */
export function requestBody(model: string, settings: ChatSettings, line: readonly Message[]): object {
  const { system, temperature, topP, maxTokens, seed } = settings;
  return {
    model,
    input: inputOf(line),
    stream: true,
    store: true,
    background: true,
    include: ['response.filon.pause'],
    ...(system.trim() === '' ? {} : { instructions: system }),
    ...(temperature === null ? {} : { temperature }),
    ...(topP === null ? {} : { top_p: topP }),
    ...(maxTokens === null ? {} : { max_output_tokens: maxTokens }),
    ...(seed === null ? {} : { seed }),
  };
}
