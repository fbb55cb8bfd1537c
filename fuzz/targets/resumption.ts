/** What clients hand in to go on with an answer that broke off elsewhere. */
import { readResumption } from '@filon/core/serving/resumption';
import type { Target } from '../target.ts';

const start = {
  ...{ model: 'a'.repeat(64), prompt: '0'.repeat(64), prompt_tokens: 9, max_tokens: 64 },
  ...{ seed: '18446744073709551615', tier: 'own', numeric_class: 'cpu-1' },
};
const drawn = [
  { token: 3, text: 'the' },
  { token: 4_194_303, text: '' },
  { token: 7, text: ' lamp 🪔\u0000' },
];

export const RESUMPTION_TARGETS: readonly Target[] = [
  {
    name: 'resume of a body',
    seeds: [
      { start, drawn },
      { start: { ...start, numeric_class: null, tier: 'open', seed: '0' }, drawn: [] },
    ].map((value) => new TextEncoder().encode(JSON.stringify(value))),
    decode: (bytes) => {
      const value = parsed(new TextDecoder().decode(bytes));
      if (value !== undefined) readResumption(value, 'filon.resume');
    },
    codes: ['RESUME_INVALID'],
    bytesMax: 65_536,
  },
];

/** What is no JSON is refused before anybody looks for a field. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
