/** Which part of the data an item belongs to: decided by its text alone, so that no text is ever in two. */
export const SPLITS = ['train', 'validation', 'held-out'] as const;
export type Split = (typeof SPLITS)[number];

export interface SplitRule {
  /** Of a thousand items. */
  validationPerMille: number;
  heldOutPerMille: number;
}

/** `hash`: of the normalised text, 4 bytes or more, evenly distributed. */
export function splitOf(hash: Uint8Array, rule: SplitRule): Split {
  const place = new DataView(hash.buffer, hash.byteOffset, hash.byteLength).getUint32(0, false) / 2 ** 32;
  if (place * 1000 < rule.heldOutPerMille) return 'held-out';
  return place * 1000 < rule.heldOutPerMille + rule.validationPerMille ? 'validation' : 'train';
}
