/** A list of fixed values, common beginnings shared so that the matcher follows few paths at a time. */
import { choice, type Expr, NOTHING, sequence, text } from './gbnf.ts';

/** Exactly the given texts; doubles count once. */
export function oneOfTexts(texts: readonly string[]): Expr {
  return branch([...new Set(texts)].map((each) => [...each]));
}

function branch(words: readonly (readonly string[])[]): Expr {
  const groups = new Map<string, (readonly string[])[]>();
  let ends = false;
  for (const word of words) {
    const [first] = word;
    if (first === undefined) {
      ends = true;
      continue;
    }
    const group = groups.get(first);
    if (group === undefined) groups.set(first, [word]);
    else group.push(word);
  }
  const options = [...groups.values()].map((group) => {
    const shared = commonLength(group);
    const beginning = text((group[0] ?? []).slice(0, shared).join(''));
    return group.length === 1
      ? beginning
      : sequence(beginning, branch(group.map((word) => word.slice(shared))));
  });
  return ends ? choice(NOTHING, ...options) : choice(...options);
}

function commonLength(words: readonly (readonly string[])[]): number {
  const [first = []] = words;
  let length = first.length;
  for (const word of words) {
    let same = 0;
    while (same < length && word[same] === first[same]) same += 1;
    length = same;
  }
  return length;
}
