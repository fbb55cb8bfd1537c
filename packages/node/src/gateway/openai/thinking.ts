/** Whether the model should think first: from OpenAI's effort, or from the template argument that other servers take. */
import { invalid, objectOf } from '../http/validate.ts';
import { flagOf } from './tools.ts';

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** Models that think do it or not; how much cannot be asked for. */
const THINKS: Readonly<Record<Effort, boolean>> = {
  ...{ none: false, minimal: false },
  ...{ low: true, medium: true, high: true, xhigh: true, max: true },
};

export interface Thinking {
  thinking?: boolean;
}

export function effortOf(value: unknown, field: string): Effort | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && Object.hasOwn(THINKS, value)) return value as Effort;
  throw invalid(field, `must be one of ${Object.keys(THINKS).join(', ')}`);
}

export function thinkingOf(effort: Effort | null): Thinking {
  return effort === null ? {} : { thinking: THINKS[effort] };
}

/** `chat_template_kwargs` wins over `reasoning_effort`. */
export function chatThinking(body: Record<string, unknown>): Thinking {
  const effort = thinkingOf(effortOf(body['reasoning_effort'], 'reasoning_effort'));
  const given = body['chat_template_kwargs'];
  if (given === undefined || given === null) return effort;
  const field = 'chat_template_kwargs';
  const thinking = flagOf(objectOf(given, field)['enable_thinking'], `${field}.enable_thinking`);
  return thinking === null ? effort : { thinking };
}
