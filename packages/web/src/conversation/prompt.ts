/** What is sent to the node: the line of messages, with attached files before the question they belong to. */
import type { Attachment, Message } from './message.ts';

export interface InputMessage {
  role: 'user' | 'assistant';
  content: string;
}

/** Answers without text say nothing and are left out. */
export function inputOf(line: readonly Message[]): InputMessage[] {
  return line.flatMap((message): InputMessage[] => {
    if (message.role === 'user') return [{ role: 'user', content: questionOf(message) }];
    return message.text === '' ? [] : [{ role: 'assistant', content: message.text }];
  });
}

export function questionOf({ text, attachments }: { text: string; attachments: Attachment[] }): string {
  return [...attachments.map(fileText), text].filter((part) => part !== '').join('\n\n');
}

/** A fence longer than any in the file, so that the file cannot end it. */
function fileText({ name, text }: Attachment): string {
  const longest = Math.max(2, ...(text.match(/`{3,}/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${name}:\n${fence}\n${text}\n${fence}`;
}

const TITLE_CHARACTERS_MAX = 60;

/** The beginning of the first question, cut between words where that is possible. */
export function titleOf(text: string): string {
  const line = text.trim().split('\n', 1)[0]?.replace(/\s+/g, ' ') ?? '';
  const characters = [...line];
  if (characters.length <= TITLE_CHARACTERS_MAX) return line;
  const cut = characters.slice(0, TITLE_CHARACTERS_MAX).join('');
  const space = cut.lastIndexOf(' ');
  return `${space > TITLE_CHARACTERS_MAX / 2 ? cut.slice(0, space) : cut}…`;
}
