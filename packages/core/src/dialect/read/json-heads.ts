/** `{"name": "x", "arguments": {`, and the forms of it that models write. */
import { BLANKS, type Head, type HeadPart, NAME } from './head.ts';

const colon: readonly HeadPart[] = [BLANKS, ':', BLANKS];
const comma: readonly HeadPart[] = [BLANKS, ',', BLANKS];

function head(argumentsName: string, typed: boolean): Head {
  const type: readonly HeadPart[] = typed ? ['"type"', ...colon, '"function"', ...comma] : [];
  const name: readonly HeadPart[] = ['"name"', ...colon, '"', NAME, '"'];
  return [BLANKS, '{', BLANKS, ...type, ...name, ...comma, argumentsName, ...colon, '{'];
}

export const JSON_HEADS: readonly Head[] = ['"arguments"', '"parameters"'].flatMap((name) => [
  head(name, false),
  head(name, true),
]);
