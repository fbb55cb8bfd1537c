/** The item of an answer that is being written: what it is so far, and the events of its beginning, growth and end. */
import type { TokenLogprob } from '@filon/core/serving/completion';
import { type ChatLogprob, chatLogprob } from '../logprobs.ts';
import type { EventBody, ItemStatus, OutputItem, TextPart, ThoughtPart } from './shapes.ts';

interface Place {
  id: string;
  /** Its index in the output. */
  at: number;
}

interface Call {
  call_id: string;
  name: string;
}

export type ItemKind = 'message' | 'reasoning' | 'function_call';

export class OpenItem {
  readonly kind: ItemKind;
  readonly #place: Place;
  readonly #call: Call | null;
  readonly #logprobs: ChatLogprob[] = [];
  #text = '';

  /** `call`: for a function_call alone. */
  constructor(kind: ItemKind, place: Place, call: Call | null) {
    this.kind = kind;
    this.#place = place;
    this.#call = call;
  }

  begin(): EventBody[] {
    const { id, at } = this.#place;
    const added: EventBody = {
      ...{ type: 'response.output_item.added', output_index: at, item: this.item('in_progress') },
    };
    const part = this.#part();
    if (part === null) return [added];
    const where = { item_id: id, output_index: at, content_index: 0 } as const;
    return [added, { type: 'response.content_part.added', ...where, part }];
  }

  grow(delta: string, drawn: readonly TokenLogprob[]): EventBody {
    this.#text += delta;
    const { id, at } = this.#place;
    const where = { item_id: id, output_index: at };
    if (this.kind === 'function_call') {
      return { type: 'response.function_call_arguments.delta', ...where, delta };
    }
    if (this.kind === 'reasoning') {
      return { type: 'response.reasoning_text.delta', ...where, content_index: 0, delta };
    }
    const logprobs = drawn.map(chatLogprob);
    for (const logprob of logprobs) this.#logprobs.push(logprob);
    return { type: 'response.output_text.delta', ...where, content_index: 0, delta, logprobs };
  }

  end(status: ItemStatus): EventBody[] {
    const { id, at } = this.#place;
    const where = { item_id: id, output_index: at };
    const done: EventBody = {
      ...{ type: 'response.output_item.done', output_index: at, item: this.item(status) },
    };
    const part = this.#part();
    if (part === null) {
      return [{ type: 'response.function_call_arguments.done', ...where, arguments: this.#text }, done];
    }
    const inPart = { ...where, content_index: 0 } as const;
    const whole: EventBody =
      part.type === 'reasoning_text'
        ? { type: 'response.reasoning_text.done', ...inPart, text: part.text }
        : { type: 'response.output_text.done', ...inPart, text: part.text, logprobs: part.logprobs };
    return [whole, { type: 'response.content_part.done', ...inPart, part }, done];
  }

  /** As it is now; an item that has just begun has no parts yet. */
  item(status: ItemStatus): OutputItem {
    const { id } = this.#place;
    if (this.#call !== null) {
      return { id, type: 'function_call', status, ...this.#call, arguments: this.#text };
    }
    const part = status === 'in_progress' && this.#text === '' ? null : this.#part();
    if (this.kind === 'reasoning') {
      const content = part?.type === 'reasoning_text' ? [part] : [];
      return { id, type: 'reasoning', status, summary: [], content };
    }
    const content = part?.type === 'output_text' ? [part] : [];
    return { id, type: 'message', role: 'assistant', status, content };
  }

  #part(): TextPart | ThoughtPart | null {
    if (this.kind === 'function_call') return null;
    if (this.kind === 'reasoning') return { type: 'reasoning_text', text: this.#text };
    return { type: 'output_text', text: this.#text, annotations: [], logprobs: [...this.#logprobs] };
  }
}
