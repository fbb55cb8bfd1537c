/** JSON that nobody should send: valid bodies with a value or two that are something else. */
import fc from 'fast-check';

const scalar = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    '',
    -1,
    0,
    1e308,
    -1e308,
    2 ** 53,
    1.5,
    '\ud800',
    '\u0000',
    '__proto__',
    'none',
  ),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'binary' }),
);
const anyJson = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 5 }),
  fc.dictionary(fc.string(), scalar, { maxKeys: 5 }),
  fc.jsonValue({ maxDepth: 4 }),
);

/** Where in a body something is changed, and to what. */
type Mutation = readonly [path: readonly number[], by: unknown];

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.tuple(fc.array(fc.nat(40), { minLength: 1, maxLength: 5 }), anyJson),
  { minLength: 1, maxLength: 2 },
);

export function mutated(body: unknown, changes: readonly Mutation[]): unknown {
  return changes.reduce<unknown>((changed, [at, by]) => mutate(changed, at, by), body);
}

/** Replaces, removes or adds one value, anywhere inside. */
function mutate(value: unknown, path: readonly number[], by: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return by;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  const keys = Object.keys(copy);
  const key = keys[step % (keys.length + 1)] ?? 'unknown_field';
  Object.assign(copy, { [key]: mutate(Reflect.get(copy, key), rest, by) });
  return copy;
}
