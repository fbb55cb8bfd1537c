/** What every adapter of the Store port must do. */
import { messageOf } from '@filon/core/errors';
import type { Store } from '@filon/node/ports/store';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

type Opened = Store & Partial<AsyncDisposable>;

export function describeStore(name: string, open: () => Promise<Opened>): void {
  describe(`store: ${name}`, () => {
    let store: Opened;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]?.();
    });

    test('what was put is got; what was not is undefined', () => {
      expect(store.get('pins', 'a')).toBeUndefined();
      store.put('pins', 'a', { sha256: 'x', bytes: 1 });
      store.put('pins', 'a', { sha256: 'y', bytes: 2 });
      expect(store.get('pins', 'a')).toEqual({ sha256: 'y', bytes: 2 });
      expect(store.get('certificates', 'a')).toBeUndefined();
    });

    test('values are copies', () => {
      const value = { sha256: 'x', bytes: 1 };
      store.put('pins', 'a', value);
      value.bytes = 2;
      const got = store.get('pins', 'a');
      if (got !== undefined) got.bytes = 3;
      expect(store.get('pins', 'a')?.bytes).toBe(1);
    });

    test('deleting forgets, and twice does no harm', () => {
      store.put('pins', 'a', { sha256: 'x', bytes: 1 });
      store.delete('pins', 'a');
      store.delete('pins', 'a');
      expect(store.get('pins', 'a')).toBeUndefined();
      expect(store.list('pins')).toEqual([]);
    });

    test('a list has the rows of one table', () => {
      store.put('certificates', 'b/1', { any: [1, null] });
      store.put('certificates', 'a/1', true);
      store.put('pins', 'c', { sha256: 'x', bytes: 1 });
      expect(store.list('certificates')).toEqual([
        { key: 'a/1', value: true },
        { key: 'b/1', value: { any: [1, null] } },
      ]);
    });

    test('a list of a range has the keys from its beginning to before its end, in order', () => {
      for (const key of ['a/1', 'a/', 'a', 'a0', 'a/😀', 'a/\uff5e', 'b/1']) {
        store.put('certificates', key, key);
      }
      const keys = store.list('certificates', { from: 'a/', below: 'a0' }).map(({ key }) => key);
      expect(keys).toEqual(['a/', 'a/1', 'a/\uff5e', 'a/😀']);
      expect(store.list('certificates', { from: 'c', below: 'd' })).toEqual([]);
      expect(store.list('certificates', { from: 'b', below: 'a' })).toEqual([]);
    });

    test('deleting a range leaves what is beside it, and can be taken back', () => {
      const all = ['a', 'a/', 'a/1', 'a/2', 'a0', 'b/1'];
      for (const key of all) store.put('certificates', key, key);
      store.put('pins', 'a/1', { sha256: 'x', bytes: 1 });
      const keys = (): string[] => store.list('certificates').map(({ key }) => key);
      const failing = (): never => {
        store.deleteRange('certificates', { from: 'a', below: 'c' });
        throw new RangeError('on purpose');
      };
      expect(() => store.transaction(failing)).toThrow('on purpose');
      expect(keys()).toEqual(all);
      store.deleteRange('certificates', { from: 'a/', below: 'a0' });
      expect(keys()).toEqual(['a', 'a0', 'b/1']);
      expect(store.get('pins', 'a/1')?.bytes).toBe(1);
    });

    test('a relaxed transaction is one like others, and so are those after it', () => {
      store.transaction(() => store.put('pins', 'a', { sha256: 'x', bytes: 1 }), { relaxed: true });
      const failing = (): never => {
        store.put('pins', 'b', { sha256: 'y', bytes: 2 });
        store.transaction(() => store.delete('pins', 'a'), { relaxed: true });
        throw new RangeError('on purpose');
      };
      for (const relaxed of [true, false]) {
        expect(() => store.transaction(failing, { relaxed })).toThrow('on purpose');
        expect(store.list('pins').map(({ key }) => key)).toEqual(['a']);
      }
    });

    test('a transaction that throws leaves nothing behind', () => {
      store.put('pins', 'kept', { sha256: 'x', bytes: 1 });
      const work = (): never => {
        store.put('pins', 'new', { sha256: 'y', bytes: 2 });
        store.delete('pins', 'kept');
        expect(store.get('pins', 'new')?.bytes).toBe(2);
        throw new RangeError('on purpose');
      };
      expect(() => store.transaction(work)).toThrow('on purpose');
      expect(store.list('pins')).toEqual([{ key: 'kept', value: { sha256: 'x', bytes: 1 } }]);
    });

    test('a transaction inside another can fail alone, and goes with the outer one', () => {
      const inner = (fail: boolean) => (): void => {
        store.put('certificates', 'inner', fail);
        if (fail) throw new RangeError('on purpose');
      };
      const outer = (): void => {
        store.put('certificates', 'outer', 1);
        try {
          store.transaction(inner(true));
        } catch (error) {
          expect(messageOf(error)).toBe('on purpose');
        }
      };
      store.transaction(outer);
      expect(store.list('certificates')).toEqual([{ key: 'outer', value: 1 }]);
      const failing = (): never => {
        store.transaction(inner(false));
        throw new RangeError('outer');
      };
      expect(() => store.transaction(failing)).toThrow('outer');
      expect(store.get('certificates', 'inner')).toBeUndefined();
    });

    test('a transaction returns what its work returned', () => {
      expect(store.transaction(() => 7)).toBe(7);
    });

    test('it behaves like a map of JSON values', () => {
      const step = fc.oneof(
        fc.record({ put: fc.string(), value: fc.jsonValue({ noUnicodeString: false }) }),
        fc.record({ delete: fc.string() }),
      );
      fc.assert(
        fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
          for (const { key } of store.list('certificates')) store.delete('certificates', key);
          const model = new Map<string, unknown>();
          for (const one of steps) {
            if ('put' in one) {
              store.put('certificates', one.put, one.value);
              model.set(one.put, JSON.parse(JSON.stringify(one.value)));
            } else {
              store.delete('certificates', one.delete);
              model.delete(one.delete);
            }
          }
          for (const [key, value] of model) expect(store.get('certificates', key)).toEqual(value);
          expect(store.list('certificates').length).toBe(model.size);
        }),
        { numRuns: 30 },
      );
    });
  });
}
