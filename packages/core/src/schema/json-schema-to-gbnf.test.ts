import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readGbnf } from './gbnf-acceptor.fixture.ts';
import { readJson } from './json-reader.fixture.ts';
import { jsonObjectGrammar, jsonSchemaToGbnf } from './json-schema-to-gbnf.ts';

/** A schema and the values that satisfy it, property order as in the schema. */
interface Case {
  schema: Record<string, unknown>;
  values: fc.Arbitrary<unknown>;
}

const letters = fc.constantFrom('a', 'b', 'c', '"', '\\', 'é', '\n', '\u0001', '😀', '/');
const name = fc.array(letters, { minLength: 1, maxLength: 4 }).map((each) => each.join(''));
const anyText = fc.oneof(name, fc.string({ unit: 'grapheme' }));

function lengthOf(text: string): number {
  return [...text].length;
}

const strings: fc.Arbitrary<Case> = fc.oneof(
  fc.constant({ schema: { type: 'string' }, values: anyText }),
  fc.tuple(fc.nat(5), fc.nat(5)).map(([min, more]) => ({
    schema: { type: 'string', minLength: min, maxLength: min + more },
    values: fc
      .array(letters, { minLength: min, maxLength: min + more })
      .map((each) => each.join(''))
      .filter((text) => lengthOf(text) >= min && lengthOf(text) <= min + more),
  })),
  fc
    .constantFrom(
      '^[a-z]{2,5}-\\d+$',
      '^(?:GET|POST) /\\w*(?:/\\w+)*$',
      '^[^"x]{1,3}\\s?.$',
      '^\\u0041[\\]\\-\\\\"]+\\.$',
      '^(a|b(c|d){2,3})?e$',
    )
    .map((pattern) => ({
      schema: { type: 'string', pattern },
      values: fc.stringMatching(new RegExp(pattern, 'u')),
    })),
  fc.constant({ schema: { type: 'string', format: 'uuid' }, values: fc.uuid() }),
  fc.constant({ schema: { type: 'string', format: 'ipv4' }, values: fc.ipV4() }),
  fc.constantFrom('date', 'date-time', 'time').map((format) => ({
    schema: { type: 'string', format },
    values: fc
      .date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString())
      .map((iso) => (format === 'date' ? iso.slice(0, 10) : format === 'time' ? iso.slice(11) : iso)),
  })),
);

const numbers: fc.Arbitrary<Case> = fc.oneof(
  fc.constant({ schema: { type: 'integer' }, values: fc.maxSafeInteger() }),
  fc.constant({
    schema: { type: 'number' },
    values: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => Math.abs(x) < 1e308),
  }),
  fc.tuple(fc.integer(), fc.nat(), fc.boolean(), fc.boolean()).map(([low, more, above, under]) => ({
    schema: {
      type: 'integer',
      [above ? 'exclusiveMinimum' : 'minimum']: above ? low - 1 : low,
      [under ? 'exclusiveMaximum' : 'maximum']: under ? low + more + 1 : low + more,
    },
    values: fc.integer({ min: low, max: low + more }),
  })),
  fc.integer({ min: -999, max: 999 }).map((low) => ({
    schema: { type: 'integer', minimum: low },
    values: fc.integer({ min: low }),
  })),
  fc
    .tuple(fc.integer({ min: -120, max: 120 }), fc.integer({ min: 1, max: 50 }), fc.boolean(), fc.boolean())
    .map(([low, more, above, under]) => ({
      schema: {
        type: 'number',
        [above ? 'exclusiveMinimum' : 'minimum']: low,
        [under ? 'exclusiveMaximum' : 'maximum']: low + more,
      },
      values: fc
        .integer({ min: low * 8, max: (low + more) * 8 })
        .map((eighths) => eighths / 8)
        .filter((x) => (!above || x > low) && (!under || x < low + more)),
    })),
);

const literals: fc.Arbitrary<Case> = fc
  .uniqueArray(fc.oneof(name, fc.integer(), fc.constant(null), fc.boolean()), { minLength: 1, maxLength: 8 })
  .map((values) => ({ schema: { enum: values }, values: fc.constantFrom(...values) }));

const simple: fc.Arbitrary<Case> = fc.oneof(
  strings,
  numbers,
  literals,
  fc.constant({ schema: { type: 'boolean', title: 'yes or no' }, values: fc.boolean() }),
  fc.constant({ schema: { const: null }, values: fc.constant(null) }),
  fc.constant({
    schema: { type: ['string', 'null'], maxLength: 2 },
    values: fc.constantFrom(null, '', 'ab'),
  }),
  fc.constant({
    schema: {},
    values: fc.jsonValue().filter((value) => !/e\+308/.test(JSON.stringify(value))),
  }),
);

interface Member {
  name: string;
  inner: Case;
  required: boolean;
}

/** An object as its text, because JavaScript reorders names that look like numbers. */
function objectCase(members: Member[], rest: Case | null): Case {
  const schema = {
    type: 'object',
    properties: Object.fromEntries(members.map((member) => [member.name, member.inner.schema])),
    required: members.filter((member) => member.required).map((member) => member.name),
    additionalProperties: rest === null ? false : rest.schema,
  };
  const described = members.map((member) =>
    member.required
      ? fc.tuple(fc.constant(member.name), member.inner.values)
      : fc.option(fc.tuple(fc.constant(member.name), member.inner.values), { nil: null }),
  );
  const taken = new Set(members.map((member) => member.name));
  const more = fc.tuple(
    name.filter((each) => !taken.has(each)),
    rest?.values ?? fc.constant(null),
  );
  const others =
    rest === null ? fc.constant([]) : fc.uniqueArray(more, { maxLength: 3, selector: ([key]) => key });
  const values = fc.tuple(fc.tuple(...described), others).map(([own, further]) => {
    return Object.fromEntries([...own.filter((pair) => pair !== null), ...further]);
  });
  return { schema, values };
}

function arrayCase(prefix: Case[], items: Case | null, { min, more }: { min: number; more: number }): Case {
  const least = items === null ? Math.min(min, prefix.length) : min;
  const most = items === null ? prefix.length : least + more;
  const schema = {
    type: 'array',
    ...(prefix.length === 0 ? {} : { prefixItems: prefix.map((each) => each.schema) }),
    items: items === null ? false : items.schema,
    minItems: least,
    maxItems: most,
  };
  const values = fc
    .integer({ min: least, max: most })
    .chain((length) =>
      fc.tuple(...Array.from({ length }, (_, i) => (prefix[i] ?? items)?.values ?? fc.constant(null))),
    );
  return { schema, values };
}

const { cases: all } = fc.letrec<{ cases: Case }>((tie) => {
  const inner = tie('cases');
  const members = fc.uniqueArray(fc.record({ name, inner, required: fc.boolean() }), {
    maxLength: 5,
    selector: (member) => member.name,
  });
  const counts = fc.record({ min: fc.nat(3), more: fc.nat(4) });
  return {
    cases: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      simple,
      fc.tuple(members, fc.option(inner)).map(([list, rest]) => objectCase(list, rest)),
      fc
        .tuple(fc.array(inner, { maxLength: 3 }), fc.option(inner), counts)
        .map(([prefix, items, range]) => arrayCase(prefix, items, range)),
      fc.array(inner, { minLength: 1, maxLength: 4 }).map((options) => ({
        schema: { anyOf: options.map((option) => option.schema) },
        values: fc.oneof(...options.map((option) => option.values)),
      })),
    ),
  };
});

/** Reports name the schema alone. */
const cases = all.map((each) => ({ ...each, [fc.toStringMethod]: () => JSON.stringify(each.schema) }));

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
  };
}

function problems(schema: object | boolean, text: string): unknown[] {
  JSON.parse(text);
  const value = readJson(text);
  return new Validator(schema, '2020-12').validate(value).errors.map(({ error }) => ({ error, text }));
}

describe('the grammar of a schema', () => {
  test('accepts every value that satisfies it', () => {
    const valued = cases.chain(({ schema, values }) => fc.tuple(fc.constant(schema), values));
    fc.assert(
      fc.property(valued, ([schema, value]) => {
        const text = JSON.stringify(value);
        expect(readGbnf(jsonSchemaToGbnf(schema)).accepts(text)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('writes nothing but JSON that satisfies it', () => {
    fc.assert(
      fc.property(cases, fc.integer(), ({ schema }, seed) => {
        const language = readGbnf(jsonSchemaToGbnf(schema));
        const random = randomFrom(seed);
        for (let i = 0; i < 5; i++) {
          const text = language.sample(random);
          expect(problems(schema, text)).toEqual([]);
          expect(language.accepts(text)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  const language = (schema: unknown) => readGbnf(jsonSchemaToGbnf(schema));
  const { accepts: object } = readGbnf(jsonObjectGrammar());

  test('of any object takes objects only, with little white space', () => {
    for (const text of ['{}', '{ }', '{"a": [1, 2.5e-3, "x", null]}', '{\n  "a": {}\n}'])
      expect(object(text)).toBe(true);
    for (const text of [
      '[]',
      '1',
      '',
      '{"a"}',
      '{"a":1,}',
      '{"a":  1}',
      '{\n\n}',
      ' {}',
      '{"a":01}',
      '{"a":1e999}',
    ]) {
      expect(object(text)).toBe(false);
    }
  });

  test('lets every combination of optional properties through, in order', () => {
    const { accepts } = language({
      type: 'object',
      properties: { a: { const: 1 }, b: { const: 2 }, c: { const: 3 } },
      required: ['b'],
      additionalProperties: false,
    });
    for (const text of ['{"b":2}', '{"a":1,"b":2}', '{"b":2,"c":3}', '{"a":1,"b":2,"c":3}'])
      expect(accepts(text)).toBe(true);
    for (const text of [
      '{}',
      '{"a":1}',
      '{"a":1,"c":3}',
      '{"b":2,"a":1}',
      '{"b":2,"b":2}',
      '{"b":2,"d":4}',
    ]) {
      expect(accepts(text)).toBe(false);
    }
  });

  test('closes objects with described properties unless the schema opens them', () => {
    const properties = { a: { type: 'null' } };
    expect(language({ properties }).accepts('{"x":1}')).toBe(false);
    expect(language({ properties, additionalProperties: true }).accepts('{"x":1}')).toBe(true);
    expect(language({ type: 'object' }).accepts('{"x":1}')).toBe(true);
    expect(language({ properties, additionalProperties: true }).accepts('{"\\u0061":1}')).toBe(false);
    expect(
      language({ properties, additionalProperties: { const: 1 } }).accepts('{"a":null,"aa":1,"":1}'),
    ).toBe(true);
  });

  test('follows references, also to themselves', () => {
    const list = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
          required: ['next'],
          additionalProperties: false,
        },
      },
    };
    expect(language(list).accepts('{"next":{"next":{"next":null}}}')).toBe(true);
    expect(language(list).accepts('{"next":{"next":1}}')).toBe(false);
    const tree = { type: 'array', items: { $ref: '#' } };
    expect(language(tree).accepts('[[],[[]]]')).toBe(true);
    expect(language(tree).accepts('[[1]]')).toBe(false);
  });

  test('joins what allOf and a reference say beside each other', () => {
    const { accepts } = language({
      allOf: [
        { $ref: '#/definitions/named' },
        { properties: { age: { type: 'integer' } }, required: ['age'] },
      ],
      definitions: {
        named: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      },
    });
    expect(accepts('{"name":"x","age":3}')).toBe(true);
    expect(accepts('{"name":"x"}')).toBe(false);
    expect(accepts('{"age":3}')).toBe(false);
  });

  test('chooses by anyOf and by exclusive oneOf, beside other keywords', () => {
    const kinds = {
      type: 'object',
      properties: { id: { type: 'integer' } },
      required: ['id'],
      oneOf: [
        { properties: { kind: { const: 'a' }, x: { type: 'null' } }, required: ['kind', 'x'] },
        { properties: { kind: { enum: ['b', 'c'] } }, required: ['kind'] },
      ],
    };
    expect(language(kinds).accepts('{"id":1,"kind":"a","x":null}')).toBe(true);
    expect(language(kinds).accepts('{"id":1,"kind":"c"}')).toBe(true);
    expect(language(kinds).accepts('{"id":1,"kind":"a"}')).toBe(false);
    expect(
      language({ oneOf: [{ type: 'string' }, { type: 'number' }, { const: null }] }).accepts('null'),
    ).toBe(true);
  });

  test('counts characters, not bytes or escapes', () => {
    const { accepts } = language({ type: 'string', minLength: 2, maxLength: 2 });
    for (const text of ['"😀é"', '"\\n\\u00e9"', '"\\ud83d\\ude00x"']) expect(accepts(text)).toBe(true);
    for (const text of ['"😀"', '"abc"', '"\\ud83d\\ud83d"', '"\\ude00x"']) expect(accepts(text)).toBe(false);
  });

  test('counts beyond what the engine repeats', () => {
    const { accepts } = language({ type: 'string', minLength: 1500, maxLength: 3200 });
    for (const length of [1499, 1500, 2000, 2499, 2500, 3200, 3201]) {
      expect(accepts(`"${'x'.repeat(length)}"`)).toBe(length >= 1500 && length <= 3200);
    }
  });

  test('knows dates', () => {
    const { accepts } = language({ format: 'date' });
    for (const date of ['2024-02-29', '2000-02-29', '1999-12-31']) expect(accepts(`"${date}"`)).toBe(true);
    for (const date of ['2023-02-29', '1900-02-29', '2024-04-31', '2024-13-01', '2024-00-10']) {
      expect(accepts(`"${date}"`)).toBe(false);
    }
  });
});
