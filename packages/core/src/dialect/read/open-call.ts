/** The reader for what follows a mark that opens a call. */
import type { Tool } from '../../serving/completion.ts';
import type { ToolFormat } from '../dialect.ts';
import { callMarksOf } from '../dialect.ts';
import type { CallReader } from './call-reader.ts';
import { GemmaArguments } from './gemma-arguments.ts';
import { BLANKS, type Head, NAME } from './head.ts';
import { type CallShape, HeadedCall } from './headed-call.ts';
import { JsonArguments } from './json-arguments.ts';
import { JSON_HEADS } from './json-heads.ts';
import { MistralCall } from './mistral-call.ts';
import type { Pieces } from './pieces.ts';
import { XmlArguments } from './xml-arguments.ts';

/** A reader that can tell whether its call went out already. */
export type OpenCall = CallReader & { readonly begun: boolean };

const XML_MARK = '<function=';
const XML_HEADS: readonly Head[] = [[BLANKS, XML_MARK, NAME, BLANKS, '>']];
const XML_HEADS_INSIDE: readonly Head[] = [[NAME, BLANKS, '>']];
const GEMMA_HEADS: readonly Head[] = [[BLANKS, 'call:', BLANKS, NAME, BLANKS, '{']];

export interface CallTools {
  format: ToolFormat;
  /** By their names. */
  tools: ReadonlyMap<string, Tool>;
  names: ReadonlySet<string>;
  out: Pieces;
}

/** `mark`: the one that was met; '' where a call has none. */
export function openCall(mark: string, { format, tools, names, out }: CallTools): OpenCall {
  if (format === 'mistral' || format === 'mistral-args') return new MistralCall(names, out);
  const [close = null] = callMarksOf(format).close;
  return new HeadedCall(shapeOf(), names, out);

  function shapeOf(): CallShape {
    switch (format) {
      case 'qwen-xml':
        return {
          ...{ heads: mark === XML_MARK ? XML_HEADS_INSIDE : XML_HEADS },
          openArguments: (name) => new XmlArguments(toolOf(name), out),
          ...{ enclosed: false, anyOrder: false, close: null },
        };
      case 'gemma':
      case 'function-gemma': {
        const [quote = ''] = callMarksOf(format).inside;
        const openArguments = (): CallReader => new GemmaArguments(quote, out);
        return { heads: GEMMA_HEADS, openArguments, enclosed: false, anyOrder: false, close: null };
      }
      default: {
        const end = mark === '' ? null : close;
        const openArguments = (): CallReader => new JsonArguments(out, end);
        return { heads: JSON_HEADS, openArguments, enclosed: true, anyOrder: mark !== '', close: end };
      }
    }
  }

  function toolOf(name: string): Tool {
    return tools.get(name) ?? { name, description: '', parameters: {} };
  }
}
