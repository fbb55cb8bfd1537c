/** A streamed message of Anthropic's: chunks in, events out. */
import type { Chunk, EndReason } from '@filon/core/serving/completion';
import {
  type AnthropicMessage,
  type AnthropicUsage,
  anthropicUsage,
  type ContentBlock,
  SIGNATURE,
  stopOf,
  textBlock,
  thinkingBlock,
  toolUseBlock,
} from './answer.ts';

type Delta =
  | { type: 'text_delta'; text: string }
  | { type: 'thinking_delta'; thinking: string }
  | { type: 'signature_delta'; signature: string }
  | { type: 'input_json_delta'; partial_json: string };

export type MessageEvent =
  | { type: 'message_start'; message: AnthropicMessage }
  | { type: 'content_block_start'; index: number; content_block: ContentBlock }
  | { type: 'content_block_delta'; index: number; delta: Delta }
  | { type: 'content_block_stop'; index: number }
  | {
      type: 'message_delta';
      delta: Pick<AnthropicMessage, 'stop_reason' | 'stop_sequence' | 'stop_details' | 'container'>;
      usage: AnthropicUsage;
    }
  | { type: 'message_stop' }
  | { type: 'ping' };

/** Turns the chunks of one choice into events. At any time one block is open, or none. */
export class MessageEvents {
  readonly #showThinking: boolean;
  #index = -1;
  #open: ContentBlock['type'] | null = null;
  #end: { reason: EndReason; stop?: string } = { reason: 'stop' };

  constructor({ showThinking }: { showThinking: boolean }) {
    this.#showThinking = showThinking;
  }

  of(chunk: Chunk): MessageEvent[] {
    switch (chunk.kind) {
      case 'delta':
        if (chunk.text === '') return [];
        return [...this.#within(textBlock('')), this.#delta({ type: 'text_delta', text: chunk.text })];
      case 'reasoning':
        return this.#thought(chunk.text);
      case 'tool-call':
        return [...this.#close(), this.#begin(toolUseBlock(chunk, {}))];
      case 'tool-arguments':
        return [this.#delta({ type: 'input_json_delta', partial_json: chunk.text })];
      // Not of messages: nobody can ask for them here.
      case 'begun':
      case 'drawn':
        return [];
      case 'pause':
        return [{ type: 'ping' }];
      case 'end':
        this.#end = chunk;
        return this.#close();
      case 'usage':
        return [
          {
            type: 'message_delta',
            delta: {
              ...stopOf(this.#end.reason, this.#end.stop ?? null),
              stop_details: null,
              container: null,
            },
            usage: anthropicUsage(chunk.usage),
          },
          { type: 'message_stop' },
        ];
    }
  }

  #thought(thinking: string): MessageEvent[] {
    if (thinking === '') return [];
    const begun = this.#within(thinkingBlock('', ''));
    return this.#showThinking ? [...begun, this.#delta({ type: 'thinking_delta', thinking })] : begun;
  }

  /** Goes on in the open block if it is of the same type. */
  #within(block: ContentBlock): MessageEvent[] {
    return this.#open === block.type ? [] : [...this.#close(), this.#begin(block)];
  }

  #begin(content_block: ContentBlock): MessageEvent {
    this.#index += 1;
    this.#open = content_block.type;
    return { type: 'content_block_start', index: this.#index, content_block };
  }

  #delta(delta: Delta): MessageEvent {
    return { type: 'content_block_delta', index: this.#index, delta };
  }

  #close(): MessageEvent[] {
    const open = this.#open;
    if (open === null) return [];
    this.#open = null;
    const stop: MessageEvent = { type: 'content_block_stop', index: this.#index };
    return open === 'thinking'
      ? [this.#delta({ type: 'signature_delta', signature: SIGNATURE }), stop]
      : [stop];
  }
}
