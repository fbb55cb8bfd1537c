/**
 * For tests: reads JSON. The JSON.parse of Node 24.21 takes a name such as "\n" for "\\" once it has seen an object
 * with the latter, so that a test with random names cannot rely on it.
 */
import { invariant } from '../errors.ts';

const TOKEN = /\s*([{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+)/gy;

export function readJson(text: string): unknown {
  const tokens = [...text.matchAll(TOKEN)].map((match) => match[1] ?? '');
  let at = 0;
  const next = (): string => {
    const token = tokens[at];
    invariant(token !== undefined, 'JSON goes on');
    at += 1;
    return token;
  };
  /** Calls `item` for each part of a list up to `close`. */
  const list = (close: string, item: () => void): void => {
    if (tokens[at] === close) {
      at += 1;
      return;
    }
    for (;;) {
      item();
      const mark = next();
      if (mark === close) return;
      invariant(mark === ',', 'a comma between parts');
    }
  };
  const value = (): unknown => {
    const token = next();
    if (token === '[') {
      const items: unknown[] = [];
      list(']', () => items.push(value()));
      return items;
    }
    // A single string, number, or word is read correctly.
    if (token !== '{') return JSON.parse(token);
    const members: [string, unknown][] = [];
    list('}', () => {
      const name: unknown = JSON.parse(next());
      invariant(typeof name === 'string' && next() === ':', 'a name and a colon');
      members.push([name, value()]);
    });
    return Object.fromEntries(members);
  };
  const whole = value();
  invariant(at === tokens.length, 'JSON ends');
  return whole;
}
