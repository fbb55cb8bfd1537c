/** `response_format` of chats and texts, `text.format` of responses. */
import type { AnswerFormat } from '@filon/core/serving/completion';
import { invalid, objectOf } from '../http/validate.ts';
import { checkSchemaDepth } from '../request/json-schema.ts';

export function formatOf(value: unknown): AnswerFormat {
  return formatAt(value, 'response_format', (format) => ({
    ...{ holder: format['json_schema'], field: 'response_format.json_schema' },
  }));
}

/** Responses write the schema beside the type, not one level below. */
export function textFormatOf(value: unknown, field: string): AnswerFormat {
  return formatAt(value, field, (format) => ({ holder: format, field }));
}

function formatAt(
  value: unknown,
  field: string,
  holderOf: (format: Record<string, unknown>) => { holder: unknown; field: string },
): AnswerFormat {
  if (value === undefined || value === null) return { kind: 'text' };
  const format = objectOf(value, field);
  switch (format['type']) {
    case 'text':
      return { kind: 'text' };
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema': {
      const { holder, field: at } = holderOf(format);
      const { schema } = objectOf(holder, at);
      if (typeof schema !== 'boolean') objectOf(schema, `${at}.schema`);
      checkSchemaDepth(schema, `${at}.schema`);
      return { kind: 'schema', schema };
    }
    default:
      throw invalid(`${field}.type`, "must be 'text', 'json_object' or 'json_schema'");
  }
}
