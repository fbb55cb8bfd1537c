import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPrivateName, LOG_ITEMS_MAX, LOG_STRING_MAX_CHARS, safeLogFields } from './log-fields.ts';

test.each(['key', 'apiKey', 'API_KEY', 'x-api-key', 'nextToken', 'prompt', 'Authorization', 'chat.content'])(
  '%s is private',
  (name) => expect(isPrivateName(name)).toBe(true),
);

test.each(['promptTokens', 'keyCount', 'tokens', 'generatedTokens', 'contentType', 'model', '', '__'])(
  '%s is not private',
  (name) => expect(isPrivateName(name)).toBe(false),
);

test('long and many become bounded', () => {
  const safe = safeLogFields({ long: 'x'.repeat(1e6), many: Array.from({ length: 1000 }, (_, i) => i) });
  expect(String(safe['long']).length).toBeLessThan(LOG_STRING_MAX_CHARS + 40);
  expect(safe['many']).toHaveLength(LOG_ITEMS_MAX);
});

test('anything becomes JSON in which nothing private is left', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('a', 'token', 'count', 'userPrompt'), fc.anything()),
      (fields) => {
        const text = JSON.stringify(safeLogFields({ ...fields, inner: fields }));
        expect(JSON.parse(text)).toBeTypeOf('object');
        expect(text).not.toMatch(/"(token|userPrompt)":(?!"\[hidden\]")/);
      },
    ),
  );
});
