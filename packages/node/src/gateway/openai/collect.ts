/** A whole answer from its chunks, for clients that do not stream. */
import type { Chunk, FinishReason, TokenLogprob, Usage } from '@filon/core/serving/completion';
import type { Caller } from '../http/intake.ts';

export interface WholeChoice {
  text: string;
  logprobs: TokenLogprob[];
  reason: FinishReason;
}

export interface WholeAnswer {
  choices: WholeChoice[];
  usage: Usage;
}

export async function collect(
  chunks: AsyncIterable<Chunk>,
  choices: number,
  caller: Pick<Caller, 'onFirstToken'>,
): Promise<WholeAnswer> {
  const whole = Array.from(
    { length: choices },
    (): WholeChoice => ({ text: '', logprobs: [], reason: 'stop' }),
  );
  let usage: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  let begun = false;
  for await (const chunk of chunks) {
    if (chunk.kind === 'usage') usage = chunk.usage;
    else if (chunk.kind !== 'pause') {
      const choice = whole[chunk.choice];
      if (!choice) continue;
      if (chunk.kind === 'end') choice.reason = chunk.reason;
      else {
        if (!begun) caller.onFirstToken();
        begun = true;
        choice.text += chunk.text;
        for (const logprob of chunk.logprobs) choice.logprobs.push(logprob);
      }
    }
  }
  return { choices: whole, usage };
}
