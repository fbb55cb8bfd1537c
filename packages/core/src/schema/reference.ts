/** Local `$ref`: a JSON Pointer in a URI fragment (RFC 6901, section 6). */
import { isObject, type Located } from './json.ts';
import { invalid, unsupported } from './refuse.ts';

/** The part of `root` that `reference` names. Errors: SCHEMA_UNSUPPORTED for other documents, SCHEMA_INVALID. */
export function resolveReference(root: unknown, reference: unknown, pointer: string): Located {
  if (typeof reference !== 'string') throw invalid(pointer, '"$ref" must be a string');
  if (reference !== '#' && !reference.startsWith('#/')) {
    throw unsupported(pointer, '$ref', 'Only references into this schema, such as "#/$defs/name"');
  }
  const target = decodeFragment(reference.slice(1), pointer);
  let here = root;
  for (const part of target.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const inside = isObject(here) && Object.hasOwn(here, name) ? here[name] : itemOf(here, name);
    if (inside === undefined) throw invalid(pointer, `"$ref" names ${reference}, which is not there`);
    here = inside;
  }
  return { schema: here, pointer: target };
}

function itemOf(value: unknown, name: string): unknown {
  return Array.isArray(value) && /^\d+$/.test(name) ? value[Number(name)] : undefined;
}

function decodeFragment(fragment: string, pointer: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch (cause) {
    throw invalid(pointer, `"$ref" is not a valid address (${String(cause)})`);
  }
}
