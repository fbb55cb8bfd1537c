/**
 * A key as people say it: `lusab-babad`, from its first 32 bits as a proquint (arXiv:0901.4016). Two keys seldom share
 * one by accident, but whoever tries enough keys can have any name: what decides is the key, never its name.
 */
import type { KeyId } from './key-id.ts';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';
/** Of a key's text, for 36 bits of it. */
const CHARACTERS = 6;

export function keyName(key: KeyId): string {
  const bits = Array.from(key.slice(0, CHARACTERS), (character) =>
    BASE64URL.indexOf(character).toString(2).padStart(6, '0'),
  ).join('');
  return `${syllables(bits.slice(0, 16))}-${syllables(bits.slice(16, 32))}`;
}

/** Of 16 bits: consonant, vowel, consonant, vowel, consonant. */
function syllables(bits: string): string {
  const [a, b, c, d, e] = [
    bits.slice(0, 4),
    bits.slice(4, 6),
    bits.slice(6, 10),
    bits.slice(10, 12),
    bits.slice(12),
  ];
  return [
    CONSONANTS.at(of(a)),
    VOWELS.at(of(b)),
    CONSONANTS.at(of(c)),
    VOWELS.at(of(d)),
    CONSONANTS.at(of(e)),
  ].join('');
}

function of(bits: string): number {
  return Number.parseInt(bits, 2);
}
