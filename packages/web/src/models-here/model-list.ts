/** `GET /v1/models`, as the chat reads it: whatever is missing is unknown. */

export interface ModelHere {
  name: string;
  contextTokens: number | null;
  quantization: string | null;
  licence: string | null;
  bytes: number | null;
  isLoaded: boolean | null;
}

export function modelsIn(list: unknown): ModelHere[] {
  const data = fieldsOf(list)['data'];
  return (Array.isArray(data) ? data : []).flatMap((entry: unknown) => {
    const model = fieldsOf(entry);
    const more = fieldsOf(model['filon']);
    const name = textOf(model['id']);
    if (name === null) return [];
    return [
      {
        name,
        contextTokens: amountOf(model['context_length']),
        quantization: textOf(model['quantization']),
        licence: textOf(model['license']),
        bytes: amountOf(more['bytes']),
        isLoaded: typeof more['loaded'] === 'boolean' ? more['loaded'] : null,
      },
    ];
  });
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function amountOf(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}
