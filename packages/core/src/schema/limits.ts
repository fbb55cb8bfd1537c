/** What a schema may cost. A schema comes from a stranger and its grammar is walked for every token. */

/** Length of the schema as compact JSON. */
export const SCHEMA_BYTES_MAX = 65_536;
/** Levels of nesting in the schema's own text. */
export const SCHEMA_DEPTH_MAX = 64;
/** Values of all `enum` and `const` together. */
export const ENUM_VALUES_MAX = 1_000;
/** Properties of one object. */
export const PROPERTIES_MAX = 256;
/** Characters of a property's name. */
export const NAME_CHARS_MAX = 256;
/** Alternatives of one value, after nested `anyOf` and `oneOf` are laid flat. */
export const ALTERNATIVES_MAX = 128;
/** Steps taken to lay `anyOf`, `oneOf`, `allOf` and `$ref` flat, all together. */
export const FLATTEN_STEPS_MAX = 20_000;
/** Largest `minLength`, `maxLength`, `minItems`, `maxItems`. */
export const COUNT_MAX = 65_536;
/** Characters of one `pattern`. */
export const PATTERN_CHARS_MAX = 1_000;
/** Largest count in braces within a `pattern`, nested ones multiplied. */
export const PATTERN_REPEATS_MAX = 1_000;
/** Rules of the grammar. */
export const RULES_MAX = 4_000;
/** Elements of the grammar once counted repetitions are written out, as the engine does. */
export const ELEMENTS_MAX = 200_000;
/** Length of the grammar's text. */
export const GRAMMAR_BYTES_MAX = 524_288;
