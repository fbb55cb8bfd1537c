/** Strings: of any text, of a bounded length, of a format, or of a pattern. */
import { CHAR } from './base-rules.ts';
import { countOf } from './facts.ts';
import { type Expr, repeat, rule, sequence, text } from './gbnf.ts';
import { below } from './json.ts';
import { COUNT_MAX } from './limits.ts';
import { patternRule } from './pattern.ts';
import { invalid, overLimit, unsupported } from './refuse.ts';
import type { TypedShape } from './shape.ts';
import { TEXT_FORMATS } from './text-format.ts';

/** Lengths count Unicode characters, as JSON Schema does. */
export function stringRule({ facts, pointer }: TypedShape): Expr {
  const min = countOf(facts, 'minLength') ?? 0;
  const max = countOf(facts, 'maxLength');
  const pattern = facts.get('pattern');
  const format = facts.get('format');
  if (max !== null && max < min)
    throw invalid(pointer, `a string needs ${min} characters but may have only ${max}`);
  if (Math.max(min, max ?? 0) > COUNT_MAX) throw overLimit(pointer, 'the length of a string', COUNT_MAX);
  const bounded = min > 0 || max !== null;
  if (format !== undefined) {
    if (pattern !== undefined || bounded)
      throw unsupported(pointer, 'format', 'Not beside a pattern or a length');
    const known = typeof format.schema === 'string' ? TEXT_FORMATS.get(format.schema) : undefined;
    if (known === undefined) {
      const names = [...TEXT_FORMATS.keys()].join(', ');
      throw unsupported(
        pointer,
        'format',
        `Supported formats: ${names}; ${JSON.stringify(format.schema)} is not`,
      );
    }
    return quoted(known);
  }
  if (pattern !== undefined) {
    if (bounded)
      throw unsupported(pointer, 'pattern', 'Not beside a length; put the counts into the pattern');
    if (typeof pattern.schema !== 'string') throw invalid(pointer, '"pattern" must be a string');
    return quoted(patternRule(pattern.schema, below(pattern.pointer, 'pattern')));
  }
  return bounded ? quoted(repeat(CHAR, min, max)) : rule('string');
}

function quoted(content: Expr): Expr {
  return sequence(text('"'), content, text('"'));
}
