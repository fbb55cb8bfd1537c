/** Writes a message as Anthropic's named events. */
import type { Answer } from '../../serve/serving.ts';
import type { EventStream, StreamForm } from '../http/event-stream.ts';
import { SERVER_SENT } from '../http/event-stream.ts';
import type { Caller } from '../http/intake.ts';
import { emptyMessage } from './answer.ts';
import { type MessageEvent, MessageEvents } from './events.ts';
import type { MessagesCall } from './request.ts';

export const NAMED_EVENTS: StreamForm = { ...SERVER_SENT, waiting: written({ type: 'ping' }) };

export async function streamMessage(
  answer: Answer,
  call: MessagesCall,
  { events, caller }: { events: EventStream; caller: Caller },
): Promise<void> {
  const mapped = new MessageEvents(call);
  events.write(written({ type: 'message_start', message: emptyMessage(answer) }));
  let begun = false;
  for await (const chunk of answer.chunks) {
    if (!begun && chunk.kind !== 'pause') {
      begun = true;
      caller.onFirstToken();
    }
    for (const event of mapped.of(chunk)) events.write(written(event));
    const room = events.room();
    if (room !== null) await room;
  }
}

function written(event: MessageEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
