/** From a prompt as people write it to tokens: chats go through the model's own template. */
import { FilonError } from '@filon/core/errors';
import type { EngineErrorDetails } from '../errors.ts';
import type { Weights } from '../stage/weights.ts';
import type { TemplateRenderer } from '../template/template-renderer.ts';
import type { TextPrompt } from './protocol.ts';

/** Codes: TEMPLATE_*, ENGINE_MODEL_UNSUPPORTED when the file has no chat template. */
export async function tokenizePrompt(
  prompt: TextPrompt,
  { model, weights, templates }: { model: string; weights: Weights; templates: TemplateRenderer },
  { signal }: { signal: AbortSignal },
): Promise<Int32Array> {
  if (prompt.kind === 'text') return weights.tokenize(prompt.text, { parseSpecial: false });
  if (weights.chatTemplate === null) {
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_MODEL_UNSUPPORTED', model, reason: 'no chat template' },
      'this model has no chat template: it completes text and does not chat. Use the completions endpoint.',
    );
  }
  const text = await templates.render(
    {
      template: weights.chatTemplate,
      messages: prompt.messages,
      addGenerationPrompt: true,
      bosToken: weights.beginText,
      eosToken: weights.endText,
    },
    { signal },
  );
  // Templates write the begin mark that the tokenizer adds by itself.
  const body =
    weights.addsBegin && text.startsWith(weights.beginText) ? text.slice(weights.beginText.length) : text;
  return weights.tokenize(body, { parseSpecial: true });
}
