import { expect, test } from 'vitest';
import { EMPTY_FIELDS, startFaults, startOrder } from './start-order.ts';

const fields = { ...EMPTY_FIELDS, recipe: 'medical' };

test.each([
  [fields, []],
  [{ ...fields, data: ' file:/home/me/texts ', steps: ' 40 ' }, []],
  [{ ...fields, data: 'hf:owner/set', steps: '9999999' }, []],
  [{ ...fields, data: '/home/me/texts' }, ['data']],
  [{ ...fields, data: 'file:texts' }, ['data']],
  [{ ...fields, steps: '0' }, ['steps']],
  [{ ...fields, steps: '1.5' }, ['steps']],
  [EMPTY_FIELDS, ['path']],
  [{ ...EMPTY_FIELDS, path: 'mine.json', steps: 'many' }, ['path', 'steps']],
  [{ ...EMPTY_FIELDS, path: '/home/me/mine.json' }, []],
  [{ ...EMPTY_FIELDS, path: 'C:\\mine.json' }, []],
])('%o lacks %o', (given, faults) => expect(startFaults(given)).toEqual(faults));

test('what is left empty is as the recipe says', () => {
  expect(startOrder(fields)).toEqual({ recipe: 'medical', data: null, steps: null });
  const own = { ...EMPTY_FIELDS, path: ' /mine.json ', data: 'hf:a/b', licence: ' ', steps: '7' };
  expect(startOrder(own)).toEqual({
    ...{ recipe: '/mine.json', data: { source: 'hf:a/b', licence: 'unknown' }, steps: 7 },
  });
});
