/** What every adapter of the DataStore port must do. */
import type { DataStore } from '@filon/node/ports/data-store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

type Opened = DataStore & Partial<AsyncDisposable>;

const ID = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function textOf(store: DataStore, id: string, name: string): Promise<string> {
  let text = '';
  for await (const part of store.read(id, name)) text += new TextDecoder().decode(part);
  return text;
}

export function describeDataStore(name: string, open: () => Promise<Opened>): void {
  describe(`data store: ${name}`, () => {
    let store: Opened;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]?.();
    });

    const put = async (id: string, files: Record<string, string>): Promise<void> => {
      await using draft = await store.draft();
      for (const [file, text] of Object.entries(files)) await draft.append(file, bytes(text));
      await draft.commit(id);
    };

    test('a draft appears whole, or not at all', async () => {
      {
        await using draft = await store.draft();
        await draft.append('a.txt', bytes('lost'));
      }
      expect(await store.list()).toEqual([]);
      await using draft = await store.draft();
      await draft.append('b.txt', bytes('one '));
      await draft.append('a.txt', bytes('x'));
      await draft.append('b.txt', bytes('two'));
      expect(await store.list()).toEqual([]);
      await draft.commit(ID);
      expect(await store.list()).toEqual([ID]);
      expect(await store.files(ID)).toEqual([
        { name: 'a.txt', bytes: 1 },
        { name: 'b.txt', bytes: 7 },
      ]);
      expect(await textOf(store, ID, 'b.txt')).toBe('one two');
    });

    test('the same id twice keeps what is there', async () => {
      await put(ID, { 'a.txt': 'first' });
      await put(ID, { 'a.txt': 'second' });
      await put(OTHER, { 'a.txt': 'third' });
      expect(await store.list()).toEqual([ID, OTHER]);
      expect(await textOf(store, ID, 'a.txt')).toBe('first');
    });

    test('files are written anew, read by position, and removed', async () => {
      await put(ID, { 'a.txt': 'x' });
      await store.write(ID, 'c.bin', bytes('0123456789'));
      expect(new TextDecoder().decode(await store.readAt(ID, 'c.bin', { offset: 3, bytes: 4 }))).toBe('3456');
      await store.write(ID, 'c.bin', bytes('abc'));
      expect(new TextDecoder().decode(await store.readAt(ID, 'c.bin', { offset: 0, bytes: 3 }))).toBe('abc');
      await expect(store.readAt(ID, 'c.bin', { offset: 1, bytes: 3 })).rejects.toMatchObject({
        details: { code: 'DATA_SHARD_INVALID' },
      });
      await store.remove(ID);
      await store.remove(ID);
      expect(await store.list()).toEqual([]);
      expect(await store.files(ID)).toEqual([]);
      await expect(store.readAt(ID, 'c.bin', { offset: 0, bytes: 1 })).rejects.toMatchObject({
        details: { code: 'DATA_STORE_UNAVAILABLE' },
      });
    });

    test('names that could lead elsewhere are bugs', async () => {
      await put(ID, { 'a.txt': 'x' });
      await expect(store.write(ID, '../a', bytes('x'))).rejects.toThrow(/invariant/);
      await expect(store.files('../a')).rejects.toThrow(/invariant/);
    });
  });
}
