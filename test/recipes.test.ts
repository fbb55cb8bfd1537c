/** The recipes that come with the program, and their samples. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { signatureOf, similarity } from '@filon/core/training/data/minhash';
import { normalText } from '@filon/core/training/data/normal-text';
import { type Item, itemText } from '@filon/core/training/item';
import { readItem } from '@filon/core/training/read-item';
import { recipeJsonSchema } from '@filon/core/training/recipe-schema';
import { type LoadedRecipe, loadRecipe, pathFrom, recipeNames } from '@filon/node/train/load-recipe';
import { describe, expect, test } from 'vitest';
import { SAMPLES, staleFiles } from '../recipes/make.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const WITH_SAMPLES = ['medical', 'financial', 'architectural', 'customer-information'];
/** Texts from which on training data drops one of two: what is below it must stay far away. */
const SIMILARITY_MAX = 0.6;

/** The records of a JSONL file, as data preparation reads them. */
function itemsIn(path: string): Item[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const read = readItem(JSON.parse(line), null);
    if ('dropped' in read) throw new RangeError(`${path}: ${read.dropped}: ${line}`);
    return read.item;
  });
}

function sourceItems(loaded: LoadedRecipe, which: 'sample' | 'heldOut'): Item[] {
  return itemsIn(pathFrom(loaded, loaded.recipe.data[which]?.source ?? ''));
}

function answersOf(name: string): string[] {
  const { train = [], heldOut = [] } = SAMPLES[name] ?? {};
  return [...train, ...heldOut].map(({ messages }) => messages[1]?.content ?? '');
}

/** `1,234.50` as a number. */
const numberIn = (text: string | undefined): number => Number(text?.replaceAll(',', ''));

describe('the made files', () => {
  test('are current', () => expect(staleFiles()).toEqual([]));
  test('are seen to be stale elsewhere', () => expect(staleFiles('/nowhere').length).toBeGreaterThan(15));
});

describe('the recipes that come with the program', async () => {
  test('are these', async () =>
    expect(await recipeNames()).toEqual([...WITH_SAMPLES, 'tiny-scratch'].sort()));

  test.each([...WITH_SAMPLES, 'tiny-scratch'])('%s is valid, and its files are there', async (name) => {
    const loaded = await loadRecipe(name);
    const { data, evaluation } = loaded.recipe;
    expect(loaded.recipe.name).toBe(name);
    const sources = [...data.sources, data.sample, data.heldOut].filter((source) => source !== undefined);
    const named = sources.map(({ source }) => source).filter((source) => source.startsWith('file:'));
    const paths = [...named, evaluation.generalText, evaluation.multipleChoice].filter(
      (path) => path !== undefined,
    );
    for (const path of paths) expect(statSync(pathFrom(loaded, path)).size).toBeGreaterThan(0);
  });

  test.each(WITH_SAMPLES)('%s names a public data set, and says that nobody tried it', async (name) => {
    const { recipe } = await loadRecipe(name);
    const hub = recipe.data.sources.filter(({ source }) => source.startsWith('hf:'));
    expect(hub).toHaveLength(1);
    expect(hub[0]).toMatchObject({ tried: false, licence: expect.stringMatching(/^(Apache|CC|CDLA)-/) });
  });
});

describe.each(WITH_SAMPLES)('the sample of %s', async (name) => {
  const loaded = await loadRecipe(name);
  const train = sourceItems(loaded, 'sample');
  const heldOut = sourceItems(loaded, 'heldOut');

  test('is large enough and says nothing twice', () => {
    expect(train.length).toBeGreaterThanOrEqual(150);
    expect(heldOut.length).toBeGreaterThanOrEqual(40);
    const texts = [...train, ...heldOut].map(itemText);
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('has held-out items that are not nearly in it', () => {
    const signatures = train.map(
      (item) => signatureOf(normalText(itemText(item)))?.bytes ?? new Uint8Array(),
    );
    for (const item of heldOut) {
      const bytes = signatureOf(normalText(itemText(item)))?.bytes ?? new Uint8Array();
      const nearest = Math.max(...signatures.map((other) => similarity(bytes, other)));
      expect(nearest, itemText(item)).toBeLessThan(SIMILARITY_MAX);
    }
  });

  test('has items to choose among, each with its right answer', () => {
    const choices = itemsIn(pathFrom(loaded, loaded.recipe.evaluation.multipleChoice ?? ''));
    expect(choices.length).toBeGreaterThanOrEqual(10);
    for (const item of choices) {
      expect(new Set(item.choices).size).toBe(4);
      expect(item.kind === 'chat' && item.messages.at(-1)?.content).toBe(item.choices?.[item.answer ?? -1]);
    }
    // A model that always takes the same place is right by chance only.
    expect(new Set(choices.map(({ answer }) => answer)).size).toBe(4);
  });
});

describe('what the samples say', () => {
  test('compound interest is right', () => {
    const sheets = answersOf('financial').filter((text) => text.includes('A = P x (1 + r)^n'));
    expect(sheets.length).toBeGreaterThan(10);
    for (const text of sheets) {
      const [, principal, rate, years] =
        /P = ([\d,.]+); rate r = ([\d.]+)%; n = (\d+) years/.exec(text) ?? [];
      let balance = numberIn(principal);
      for (let year = 0; year < Number(years); year++) balance += (balance * Number(rate)) / 100;
      const [, result] = /a balance of ([\d,.]+)\n/.exec(text) ?? [];
      expect(Math.abs(numberIn(result) - balance)).toBeLessThan(0.006);
    }
  });

  test('a loan is paid back by its payments', () => {
    const sheets = answersOf('financial').filter((text) => text.includes('M = P x i'));
    expect(sheets.length).toBeGreaterThan(10);
    for (const text of sheets) {
      const [, loan, rate, payments] = /P = ([\d,.]+);.* = ([\d.]+)% \/ 12; n = (\d+)/.exec(text) ?? [];
      const [, payment] = /a payment of ([\d,.]+) a month/.exec(text) ?? [];
      let debt = numberIn(loan);
      for (let month = 0; month < Number(payments); month++)
        debt += (debt * Number(rate)) / 1200 - numberIn(payment);
      // Half a cent too much or too little each month, with its interest.
      expect(Math.abs(debt)).toBeLessThan(0.005 * Number(payments) * 1.7);
    }
  });

  test('stairs reach the next storey, and their rule is worked out', () => {
    const { train = [] } = SAMPLES['architectural'] ?? {};
    const stairs = train.filter(({ messages }) => messages[1]?.content.startsWith('ITEM: STRAIGHT STAIR'));
    expect(stairs.length).toBeGreaterThan(10);
    for (const { messages } of stairs) {
      const [question, answer] = messages.map(({ content }) => content);
      const [, storey] = /[Ss]torey height (?:of )?([\d,]+) mm/.exec(question ?? '') ?? [];
      const [, risers, rise] = /Risers: (\d+) at ([\d.]+) mm/.exec(answer ?? '') ?? [];
      expect(Math.abs(Number(risers) * Number(rise) - numberIn(storey))).toBeLessThan(1);
      const [, going, sum] = /\+ (\d+) = ([\d.]+) mm/.exec(answer ?? '') ?? [];
      expect(Math.abs(2 * Number(rise) + Number(going) - Number(sum))).toBeLessThan(0.11);
      const isWithin = Number(sum) >= 600 && Number(sum) <= 650;
      expect(answer?.includes('within the rule')).toBe(isWithin);
    }
  });

  test('health answers end alike, and an emergency is called one', () => {
    const answers = answersOf('medical');
    expect(answers.filter((text) => !text.endsWith('ask a professional about your own case.'))).toEqual([]);
    const strokes = answers.filter((text) => /drooping face/.test(text));
    expect(strokes.length).toBeGreaterThan(2);
    for (const text of strokes) expect(text).toMatch('call the local emergency number at once');
  });

  test('persons of the shop are invented: no address or number reaches anybody', () => {
    const { files = {} } = SAMPLES['customer-information'] ?? {};
    const texts = [...Object.values(files), JSON.stringify(SAMPLES['customer-information'])].join('\n');
    const addresses = texts.match(/[\w.+-]+@[\w.-]+\w/g) ?? [];
    const phones = texts.match(/\+\d[\d ]{8,}/g) ?? [];
    expect(addresses.length).toBeGreaterThan(50);
    expect(addresses.filter((address) => !address.endsWith('example.com'))).toEqual([]);
    expect(phones.length).toBeGreaterThan(50);
    expect(phones.filter((phone) => !/^\+1 212 555 01\d\d$/.test(phone))).toEqual([]);
  });

  test('the PDF says where its objects are', () => {
    const text = SAMPLES['customer-information']?.files['folder/care.pdf'] ?? '';
    const [, start] = /startxref\n(\d+)\n%%EOF\n$/.exec(text) ?? [];
    expect(text.slice(Number(start))).toMatch(/^xref\n0 6\n/);
    const offsets = [...text.matchAll(/^(\d{10}) 00000 n $/gm)].map(([, offset]) => Number(offset));
    expect(offsets.map((offset) => text.slice(offset, offset + 7))).toEqual(
      [1, 2, 3, 4, 5].map((id) => `${id} 0 obj`),
    );
  });
});

describe('the texts of tiny-scratch', async () => {
  const loaded = await loadRecipe('tiny-scratch');
  const { sources } = loaded.recipe.data;
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; os?: string[] }>;
  };

  test('are on every machine that the launcher prepared, under the licence that is named', () => {
    for (const { source, licence } of sources) {
      const [, name = ''] = /^file:\.\.\/(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(source) ?? [];
      expect(lock.packages[name], name).toBeDefined();
      expect(lock.packages[name], name).not.toMatchObject({ dev: true });
      expect(lock.packages[name], name).not.toMatchObject({ optional: true });
      const { license } = JSON.parse(readFileSync(join(ROOT, name, 'package.json'), 'utf8')) as {
        license: string;
      };
      expect([name, license]).toEqual([name, licence]);
    }
  });

  test('are between one and two megabytes', () => {
    const bytes = sources.reduce((sum, { source }) => sum + statSync(pathFrom(loaded, source)).size, 0);
    expect(bytes).toBeGreaterThan(1e6);
    expect(bytes).toBeLessThan(2e6);
  });
});

test('the page on recipes names every field', () => {
  const page = readFileSync(join(ROOT, 'docs/protocol/recipe.md'), 'utf8');
  const names = new Set<string>();
  JSON.stringify(recipeJsonSchema(), (key, value: unknown) => {
    if (key === 'properties') for (const name of Object.keys(value as object)) names.add(name);
    return value;
  });
  expect(names.size).toBeGreaterThan(60);
  expect([...names].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
