/** `POST /api/chat` and `POST /api/generate`. */
import { FilonError } from '@filon/core/errors';
import type { CompletionRequest } from '@filon/core/serving/completion';
import type { Clock } from '../../ports/clock.ts';
import type { Answer, Serving } from '../../serve/serving.ts';
import { collect } from '../answer/collect.ts';
import type { GatewayErrorDetails } from '../http/errors.ts';
import { type EventStream, JSON_LINES } from '../http/event-stream.ts';
import type { Caller, Reply } from '../http/intake.ts';
import { loadedLine, OllamaLines, wholeLine } from './answer.ts';
import { ourName } from './model-names.ts';
import type { OllamaCall } from './request.ts';
import { Stopwatch } from './stopwatch.ts';

export interface Conversing {
  serving: Serving;
  clock: Clock;
  caller: Caller;
}

export async function converse(call: OllamaCall, conversing: Conversing): Promise<Reply> {
  const { serving, clock, caller } = conversing;
  const watch = new Stopwatch(clock);
  caller.onUnknownFields(call.unknownFields);
  const model = ourName(call.model, await serving.models());
  if (call.request === null) return { kind: 'json', value: await loaded(call, model, conversing) };
  const request: CompletionRequest = { ...call.request, model };
  const onFirstToken = (): void => {
    watch.first();
    caller.onFirstToken();
  };
  const heard = { ...caller, onFirstToken };
  const open = async (): Promise<Answer> => {
    const answer = await serving.complete(request, caller);
    watch.admitted();
    return answer;
  };
  if (!call.stream) {
    const answer = await open();
    const whole = await collect(answer.chunks, 1, heard);
    const line = wholeLine(call.shape, whole, watch.durations());
    return { kind: 'json', value: { ...headOf(call, answer.createdMs), ...line } };
  }
  return {
    kind: 'events',
    form: JSON_LINES,
    run: async (events) => streamLines(await open(), call, { events, caller: heard, watch }),
  };
}

async function streamLines(
  answer: Answer,
  call: OllamaCall,
  { events, caller, watch }: { events: EventStream; caller: Caller; watch: Stopwatch },
): Promise<void> {
  const head = `${JSON.stringify(headOf(call, answer.createdMs)).slice(0, -1)},`;
  const write = (line: object): void => events.write(`${head}${JSON.stringify(line).slice(1)}\n`);
  const lines = new OllamaLines(call.shape);
  let begun = false;
  for await (const chunk of answer.chunks) {
    if (!begun && chunk.kind !== 'pause') {
      begun = true;
      caller.onFirstToken();
    }
    if (chunk.kind === 'usage') write(lines.last(chunk.usage, watch.durations()));
    else if (chunk.kind === 'pause') events.wait();
    else for (const line of lines.of(chunk)) write(line);
    const room = events.room();
    if (room !== null) await room;
  }
}

/** A request without a prompt loads the model; with `keep_alive: 0` it would unload it, which is the operator's to do. */
async function loaded(
  call: OllamaCall,
  model: string,
  { serving, clock, caller }: Conversing,
): Promise<object> {
  if (call.wantsUnload) throw operatorOnly(`/api/${call.shape}`, `filon stop ${model}`);
  // Whatever counts a prompt's tokens needs the model in memory.
  await serving.countTokens({ model, prompt: { kind: 'text', text: ' ' } }, caller);
  return { ...headOf(call, clock.nowMs()), ...loadedLine(call.shape) };
}

export function operatorOnly(path: string, command: string): FilonError {
  return new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_OPERATOR_ONLY', path, command },
    `${path} would change this node, which only its operator does: ${command}`,
  );
}

function headOf({ model }: OllamaCall, createdMs: number): { model: string; created_at: string } {
  return { model, created_at: new Date(createdMs).toISOString() };
}
