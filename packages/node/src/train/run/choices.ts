/** Multiple choice without generating: of each item's choices, the one whose tokens surprise the model least. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '@filon/core/errors';
import { dataSourceDead, fileInvalid } from '@filon/core/training/data/errors';
import type { Item } from '@filon/core/training/item';
import { readItem } from '@filon/core/training/read-item';
import type { Waiting } from '../../ports/engine.ts';
import type { TrainingSession } from '../../ports/trainer.ts';
import { documentOf } from '../data/documents.ts';
import { batchOf, type Row } from './rows.ts';
import type { TokenMeans } from './run-data.ts';

export interface Question {
  /** In the item's order. */
  choices: Row[];
  /** The right one. */
  answer: number;
}

const QUESTIONS_MAX = 1000;
const FILE_BYTES_MAX = 4_194_304;

/** Those with a choice longer than `length` are left out. Codes: DATA_SOURCE_DEAD, DATA_FILE_INVALID, DATA_TEMPLATE_UNSTABLE. */
export async function readQuestions(
  { folder, path }: { folder: string; path: string },
  means: TokenMeans,
  length: number,
): Promise<Question[]> {
  const file = resolve(folder, path);
  const lines = (await readSmall(file)).split('\n').filter((line) => line.trim() !== '');
  const questions: Question[] = [];
  for (const [at, line] of lines.slice(0, QUESTIONS_MAX).entries()) {
    const item = itemOf(line);
    if (item?.choices === undefined || item.answer === undefined)
      throw fileInvalid(file, { line: at + 1, reason: 'it has no choices with one right answer' });
    const made = await Promise.all(item.choices.map((choice) => documentOf(withChoice(item, choice), means)));
    const choices = made.flatMap((document) => ('fault' in document ? [] : [document]));
    const isWhole =
      choices.length === made.length && choices.every(({ tokens }) => tokens.length <= length + 1);
    if (isWhole) questions.push({ choices, answer: item.answer });
  }
  return questions;
}

function itemOf(line: string): Item | null {
  try {
    const read = readItem(JSON.parse(line), null);
    return 'item' in read ? read.item : null;
  } catch {
    return null;
  }
}

function withChoice(item: Item, choice: string): Item {
  switch (item.kind) {
    case 'text':
      return { kind: 'completion', prompt: item.text, completion: choice };
    case 'completion':
      return { kind: 'completion', prompt: item.prompt, completion: choice };
    case 'chat': {
      const before = item.messages.at(-1)?.role === 'assistant' ? item.messages.slice(0, -1) : item.messages;
      return { kind: 'chat', messages: [...before, { role: 'assistant', content: choice }] };
    }
  }
}

/** By the mean loss a token, so that a longer choice is no worse for its length. */
export async function chosenRight(
  session: TrainingSession,
  { questions, length }: { questions: readonly Question[]; length: number },
  { signal }: Waiting,
): Promise<{ right: number; all: number }> {
  let right = 0;
  for (const { choices, answer } of questions) {
    const losses: number[] = [];
    for (const choice of choices) {
      signal.throwIfAborted();
      const batch = batchOf([choice], { sequences: 1, length });
      losses.push((await session.evaluate(batch, { signal })).loss);
    }
    if (losses.indexOf(Math.min(...losses)) === answer) right += 1;
  }
  return { right, all: questions.length };
}

async function readSmall(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > FILE_BYTES_MAX) throw new RangeError(`it has ${size} bytes; at most ${FILE_BYTES_MAX}`);
    return await file.readFile('utf8');
  } catch (error) {
    throw dataSourceDead(path, messageOf(error), error);
  }
}
