/** From a prompt as people write it to tokens: chats go through the model's own template. */
import { templateInput } from '@filon/core/dialect/template-input';
import { FilonError } from '@filon/core/errors';
import type { TokenizedPrompt } from '@filon/core/serving/session';
import type { EngineErrorDetails } from '../errors.ts';
import type { Weights } from '../stage/weights.ts';
import type { TemplateRenderer } from '../template/template-renderer.ts';
import type { TextPrompt } from './protocol.ts';

/** Codes: TEMPLATE_*, ENGINE_MODEL_UNSUPPORTED when the file has no chat template. */
export async function tokenizePrompt(
  prompt: TextPrompt,
  { model, weights, templates }: { model: string; weights: Weights; templates: TemplateRenderer },
  { signal }: { signal: AbortSignal },
): Promise<TokenizedPrompt> {
  if (prompt.kind === 'text') {
    return { tokens: weights.tokenize(prompt.text, { parseSpecial: false }), inReasoning: false };
  }
  const { chatTemplate, dialect } = weights;
  if (chatTemplate === null || dialect === null) {
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_MODEL_UNSUPPORTED', model, reason: 'no chat template' },
      'this model has no chat template: it completes text and does not chat. Use the completions endpoint.',
    );
  }
  const text = await templates.render(
    {
      template: chatTemplate,
      ...templateInput(dialect, prompt),
      addGenerationPrompt: true,
      bosToken: weights.beginText,
      eosToken: weights.endText,
    },
    { signal },
  );
  // Templates write the begin mark that the tokenizer adds by itself.
  const body =
    weights.addsBegin && text.startsWith(weights.beginText) ? text.slice(weights.beginText.length) : text;
  const inReasoning = dialect.reasoning !== null && text.trimEnd().endsWith(dialect.reasoning.open);
  return { tokens: weights.tokenize(body, { parseSpecial: true }), inReasoning };
}
