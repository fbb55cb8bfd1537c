import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFilonError } from '../errors.ts';
import { jsonSchemaToGbnf } from './json-schema-to-gbnf.ts';

function refusal(schema: unknown): unknown {
  try {
    jsonSchemaToGbnf(schema);
  } catch (error) {
    return isFilonError(error) ? { ...error.details, message: error.message } : error;
  }
  return 'accepted';
}

describe('a schema that cannot be honoured', () => {
  test('is refused by keyword and place', () => {
    const cases: [schema: unknown, pointer: string, keyword: string][] = [
      [{ not: {} }, '', 'not'],
      [
        { type: 'object', properties: { 'a/b': { type: 'string', contentEncoding: 'x' } } },
        '/properties/a~1b',
        'contentEncoding',
      ],
      [{ type: 'object', patternProperties: {} }, '', 'patternProperties'],
      [{ type: 'array', items: { type: 'array', contains: {} } }, '/items', 'contains'],
      [{ type: 'array', uniqueItems: true }, '', 'uniqueItems'],
      [{ type: 'array', items: [{}] }, '', 'items'],
      [{ type: 'integer', multipleOf: 3 }, '', 'multipleOf'],
      [{ type: 'number', minimum: 0.5 }, '', 'minimum'],
      [{ type: 'string', format: 'email' }, '', 'format'],
      [{ type: 'string', format: 'date', maxLength: 3 }, '', 'format'],
      [{ $ref: 'https://example.org/schema' }, '', '$ref'],
      [{ oneOf: [{ type: 'integer' }, { type: 'number' }] }, '', 'oneOf'],
      [{ anyOf: [{ $ref: '#/$defs/x' }], $defs: { x: { if: {} } } }, '/$defs/x', 'if'],
      [{ enum: ['a'], minLength: 3 }, '', 'minLength'],
      [
        { allOf: [{ properties: { a: {} } }, { additionalProperties: false }] },
        '/allOf/1',
        'additionalProperties',
      ],
      [{ properties: { a: false } }, '/properties/a', 'false'],
    ];
    for (const [schema, pointer, keyword] of cases) {
      expect(refusal(schema)).toMatchObject({ code: 'SCHEMA_UNSUPPORTED', pointer, keyword });
    }
    expect(refusal({ not: {} })).toMatchObject({
      message: expect.stringContaining(
        '"not" at the root of the schema is not supported. Supported keywords: type,',
      ),
    });
  });

  test('is refused for patterns outside the subset', () => {
    const patterns = [
      'abc',
      '^abc',
      '^a|b$',
      '^a\\bc$',
      '^(?=a)b$',
      '^(a)\\1$',
      '^(a*)*$',
      '^a*?$',
      '^[a$',
      '^(a$',
      '^a)$',
    ];
    for (const pattern of [
      ...patterns,
      '^\\p{L}$',
      '^a{2$',
      '^[b-a]$',
      '^a{3,2}$',
      '^(?<n>a)$',
      '^a\\$',
      '^$a$',
      '^*$',
    ]) {
      expect([pattern, refusal({ type: 'string', pattern })]).toMatchObject([
        pattern,
        { keyword: 'pattern' },
      ]);
    }
  });

  test('is refused when it is wrong or nothing satisfies it', () => {
    const schemas: unknown[] = [
      5,
      'x',
      null,
      undefined,
      [],
      { type: 'text' },
      { required: 'a' },
      { properties: [] },
      { anyOf: [] },
      { minLength: -1 },
      { minLength: 'a' },
      { type: 'string', minLength: 2, maxLength: 1 },
      { type: 'integer', minimum: 2, maximum: 1 },
      { type: 'number', exclusiveMinimum: 1, maximum: 1 },
      { type: 'array', minItems: 2, maxItems: 1 },
      { type: 'array', prefixItems: [{}], items: false, minItems: 2 },
      { type: 'string', enum: [1, 2] },
      { enum: 'a' },
      { $ref: '#/nowhere' },
      { $ref: '#' },
      { anyOf: [{ $ref: '#' }, { type: 'null' }] },
      { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
      { required: ['b'], properties: { a: {} }, additionalProperties: false },
      { allOf: [{ type: 'string' }, { type: 'null' }] },
    ];
    for (const schema of schemas) {
      expect([schema, refusal(schema)]).toMatchObject([schema, { code: 'SCHEMA_INVALID' }]);
    }
  });

  test('is refused when it costs too much', () => {
    let deep: unknown = {};
    for (let i = 0; i < 100; i++) deep = { items: deep };
    const levels = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [
        `l${i}`,
        { anyOf: [0, 1].map((side) => (i === 29 ? { const: side } : { $ref: `#/$defs/l${i + 1}` })) },
      ]),
    );
    const names = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`p${i}`, {}]));
    const schemas: unknown[] = [
      deep,
      { $ref: '#/$defs/l0', $defs: levels },
      { properties: names },
      { properties: { ['x'.repeat(300)]: {} } },
      { enum: Array.from({ length: 1001 }, (_, i) => i) },
      { description: 'x'.repeat(70_000) },
      { type: 'string', maxLength: 100_000 },
      { type: 'array', minItems: 100_000 },
      { type: 'string', pattern: '^((a{10}){20}){30}$' },
      { type: 'string', pattern: `^${'a'.repeat(1000)}$` },
      {
        prefixItems: Array.from({ length: 60 }, (_, i) => ({ items: { const: i }, maxItems: 60_000 })),
      },
    ];
    for (const schema of schemas) {
      expect(refusal(schema)).toMatchObject({ code: 'SCHEMA_LIMIT', max: expect.any(Number) });
    }
  });

  test('never fails in any other way', () => {
    const keyword = fc.constantFrom(
      'type',
      'properties',
      'required',
      'items',
      'enum',
      'anyOf',
      'oneOf',
      'allOf',
      '$ref',
      'additionalProperties',
      'minimum',
      'exclusiveMaximum',
      'minItems',
      'maxLength',
      'pattern',
      'format',
      'const',
      'prefixItems',
      'x',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom<unknown>(
          'object',
          'string',
          'integer',
          '#',
          '^a$',
          'date',
          true,
          false,
          null,
          0,
          3,
          -1,
          1e300,
        ),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keyword, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keyword, value, { maxKeys: 4 }), (schema) => {
        const result = refusal(schema);
        if (result === 'accepted') return;
        expect(result).toMatchObject({ code: expect.stringMatching(/^SCHEMA_/) });
      }),
      { numRuns: 5000 },
    );
  });
});
