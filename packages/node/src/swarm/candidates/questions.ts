/** Questions for canaries: like any other, so that nobody can tell when it is being checked, and many of them. */
const SUBJECTS: readonly string[] = [
  ...[
    'a bicycle',
    'a lighthouse',
    'rye bread',
    'the moon',
    'a river delta',
    'an old clock',
    'a beehive',
    'glass',
  ],
  ...[
    'a sailing boat',
    'the colour blue',
    'a mountain hut',
    'a violin',
    'rain',
    'a market square',
    'coal',
    'ice',
  ],
  ...['a steam engine', 'a library', 'salt', 'a garden in winter', 'a compass', 'paper', 'a bridge', 'wool'],
  ...['a chess game', 'the tides', 'a vineyard', 'copper', 'a night train', 'a kite', 'pepper', 'a harbour'],
];
const FORMS: readonly string[] = [
  ...[
    'Describe {} to somebody who has never seen it.',
    'What should I know about {}?',
    'Tell me a story about {}.',
  ],
  ...['Why do people care about {}?', 'Write three sentences about {}.', 'How would you draw {}?'],
  ...[
    'What is hard about {}?',
    'Give me five words for {}.',
    'Explain {} to a child.',
    'What goes well with {}?',
  ],
];
const FOLLOWS: readonly string[] = ['', ' Keep it short.', ' Please be exact.', ' I am curious.', ' Thanks!'];

/** `draw`: 0 to below 1. */
export function drawQuestion(draw: () => number): string {
  const pick = (list: readonly string[]): string => list[Math.floor(draw() * list.length)] ?? '';
  return pick(FORMS).replace('{}', pick(SUBJECTS)) + pick(FOLLOWS);
}
