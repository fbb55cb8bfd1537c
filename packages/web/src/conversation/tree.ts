/** A conversation as a tree: an edited question and a repeated answer are siblings of what was there before. */
import type { Message } from './message.ts';

export type Chosen = Readonly<Record<string, string>>;

/** A message of the path that is shown, and its place among the siblings. */
export interface Step {
  message: Message;
  /** Ids of it and its siblings, oldest first. */
  siblings: readonly string[];
}

/** From the first message down, at each fork the chosen child, or the newest where none was chosen. */
export function pathOf(messages: Iterable<Message>, chosen: Chosen): Step[] {
  const children = childrenByParent(messages);
  const path: Step[] = [];
  const seen = new Set<string>();
  for (let at = ''; ; ) {
    const siblings = children.get(at) ?? [];
    const message = siblings.find(({ id }) => id === chosen[at]) ?? siblings.at(-1);
    // A file that was imported may go in circles.
    if (message === undefined || seen.has(message.id)) return path;
    seen.add(message.id);
    path.push({ message, siblings: siblings.map(({ id }) => id) });
    at = message.id;
  }
}

/** The choice that shows `id` at its fork. */
export function choose(chosen: Chosen, message: Pick<Message, 'id' | 'parent'>): Record<string, string> {
  return { ...chosen, [message.parent ?? '']: message.id };
}

/** The messages from the first one down to `id`, whichever branches are shown. */
export function lineTo(messages: ReadonlyMap<string, Message>, id: string | null): Message[] {
  const line: Message[] = [];
  const seen = new Set<string>();
  for (let at = id; at !== null && !seen.has(at); ) {
    const message = messages.get(at);
    if (message === undefined) break;
    seen.add(at);
    line.push(message);
    at = message.parent;
  }
  return line.reverse();
}

function childrenByParent(messages: Iterable<Message>): Map<string, Message[]> {
  const children = new Map<string, Message[]>();
  for (const message of messages) {
    const parent = message.parent ?? '';
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [message]);
    else siblings.push(message);
  }
  for (const siblings of children.values()) siblings.sort(byAge);
  return children;
}

function byAge(a: Message, b: Message): number {
  return a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1);
}
