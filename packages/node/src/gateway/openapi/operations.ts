/** All operations of a gateway, and which of them a path has. */
import { ANTHROPIC_OPERATIONS } from './anthropic-operations.ts';
import { NODE_OPERATIONS } from './node-operations.ts';
import { OLLAMA_OPERATIONS } from './ollama-operations.ts';
import { OPENAI_OPERATIONS } from './openai-operations.ts';
import type { Operation } from './operation.ts';
import { ACCESS_OPERATIONS, PANEL_OPERATIONS, WEB_OPERATIONS } from './panel-operations.ts';
import { RUN_OPERATIONS } from './run-operations.ts';

/** Parts that a gateway may go without. */
export interface Parts {
  panel: boolean;
  access: boolean;
  web: boolean;
}

export function operationsOf({ panel, access, web }: Parts): readonly Operation[] {
  return [
    ...OPENAI_OPERATIONS,
    ...ANTHROPIC_OPERATIONS,
    ...OLLAMA_OPERATIONS,
    ...NODE_OPERATIONS,
    ...(panel ? [...PANEL_OPERATIONS, ...RUN_OPERATIONS] : []),
    ...(access ? ACCESS_OPERATIONS : []),
    ...(web ? WEB_OPERATIONS : []),
  ];
}

/** The methods that a path takes, e.g. `GET and DELETE`; null: there is nothing there. `GET` stands for `HEAD` too. */
export type MethodsAt = (path: string) => string | null;

export function methodsAt(operations: readonly Operation[]): MethodsAt {
  const known = operations.map((operation) => ({
    matches: patternOf(operation),
    method: operation.method.toUpperCase(),
  }));
  return (path) => {
    const methods = known.filter(({ matches }) => matches.test(path)).map(({ method }) => method);
    return methods.length === 0 ? null : [...new Set(methods)].join(' and ');
  };
}

function patternOf({ path, parameters = [] }: Operation): RegExp {
  const source = path
    .replaceAll(/[.]/g, '\\$&')
    .replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      parameters.some((parameter) => parameter.name === name && parameter.wide) ? '.+' : '[^/]+',
    );
  return new RegExp(`^${source}$`);
}
