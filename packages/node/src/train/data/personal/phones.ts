/** Telephone numbers by libphonenumber-js, which knows what numbers each country has. */
import { type CountryCode, findPhoneNumbersInText } from 'libphonenumber-js/min';
import type { Span } from './span.ts';

/** Where numbers without a country's code may be from. */
const COUNTRIES: readonly CountryCode[] = ['ES', 'US', 'GB', 'MX'];
const DIGITS_MIN = 7;
/** A stretch of what numbers are written with. */
const STRETCH = /[+(]?\d[\d ()./-]{5,40}\d/g;
const DATE = /^\(?\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}$/;

/** Only what looks like a number is shown to the library: it takes a second for each megabyte of text. */
export function phoneSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(STRETCH)) {
    const [written] = match;
    if (written.replaceAll(/\D/g, '').length < DIGITS_MIN || DATE.test(written)) continue;
    for (const country of COUNTRIES) {
      const found = findPhoneNumbersInText(written, { defaultCountry: country });
      for (const { startsAt, endsAt } of found)
        spans.push({ kind: 'phone', start: match.index + startsAt, end: match.index + endsAt });
      if (found.length > 0) break;
    }
  }
  return spans;
}
