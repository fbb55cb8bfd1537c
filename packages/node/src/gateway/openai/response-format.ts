/** `response_format`. The schema itself is judged where grammars are made; here only its depth. */
import type { AnswerFormat } from '@filon/core/serving/completion';
import { SCHEMA_DEPTH_MAX } from '../http/limits.ts';
import { invalid, objectOf } from '../http/validate.ts';

export function formatOf(value: unknown): AnswerFormat {
  if (value === undefined || value === null) return { kind: 'text' };
  const format = objectOf(value, 'response_format');
  switch (format['type']) {
    case 'text':
      return { kind: 'text' };
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema': {
      const field = 'response_format.json_schema';
      const { schema } = objectOf(format['json_schema'], field);
      if (typeof schema !== 'boolean') objectOf(schema, `${field}.schema`);
      if (isDeeper(schema, SCHEMA_DEPTH_MAX)) {
        throw invalid(`${field}.schema`, `is nested deeper than ${SCHEMA_DEPTH_MAX} levels`);
      }
      return { kind: 'schema', schema };
    }
    default:
      throw invalid('response_format.type', "must be 'text', 'json_object' or 'json_schema'");
  }
}

/** Walks level by level, because a nest made to hurt would overflow a recursion. */
function isDeeper(value: unknown, depthMax: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= depthMax; depth++) {
    level = level.flatMap((entry) =>
      typeof entry === 'object' && entry !== null ? Object.values(entry) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}
