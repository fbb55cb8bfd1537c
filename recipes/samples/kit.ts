/** What the makers of samples share: shapes, drawing without chance, and numbers as text. */

interface Turn {
  role: 'user' | 'assistant';
  content: string;
}

export interface Chat {
  messages: Turn[];
}

/** Scored by choosing: the last message is the right choice, `answer` says it in words. */
export interface ChoiceItem extends Chat {
  choices: string[];
  answer: string;
}

export interface Sample {
  train: Chat[];
  /** From templates that `train` has nothing of. */
  heldOut: Chat[];
  choices: ChoiceItem[];
  /** Other files of the sample, by their path in it. */
  files: Readonly<Record<string, string>>;
}

export function chat(question: string, answer: string | readonly string[]): Chat {
  const content = typeof answer === 'string' ? answer : answer.join('\n');
  return {
    messages: [
      { role: 'user', content: question },
      { role: 'assistant', content },
    ],
  };
}

/** The right choice stands at a place that differs from item to item. */
export function choiceItem(
  question: string,
  right: string,
  options: { wrong: readonly string[]; at: number },
): ChoiceItem {
  const choices = [...options.wrong];
  choices.splice(options.at % (choices.length + 1), 0, right);
  return { ...chat(question, right), choices, answer: right };
}

/** The element at an index of any size. */
export function pick<T>(list: readonly T[], at: number): T {
  const found = list[((at % list.length) + list.length) % list.length];
  if (found === undefined) throw new RangeError('there is nothing to pick from');
  return found;
}

/** The same order every time: each item goes to a place that a linear congruential generator names. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const list = [...items];
  let state = seed >>> 0;
  for (let last = list.length - 1; last > 0; last--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [list[last], list[other]] = [list[other] as T, list[last] as T];
  }
  return list;
}

/** Rows of `a | b | c`; a cell with semicolons is a list to whoever splits it. */
export function table(text: string): string[][] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

/** `a, b and c`. */
export function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** `1,234.50`: a point for decimals, commas for thousands, whatever the machine's language. */
export function decimal(value: number, digits: number): string {
  const [whole = '', part] = value.toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** At most so many decimals, and none that are only zeros. */
export function plain(value: number, digits: number): string {
  const text = decimal(value, digits);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
