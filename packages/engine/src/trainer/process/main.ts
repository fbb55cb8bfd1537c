/**
 * The process of one training. It opens no socket and reads no environment: what it knows comes over the channel of the node
 * that forked it, and it ends when that channel closes. Native code that aborts takes down this process alone.
 */
import { flushCompileCache } from 'node:module';
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';
import type { DeviceHostSpec } from '../../device/device-host.ts';
import type { TrainerErrorDetails } from '../errors.ts';
import { loadState, saveState } from '../files/state-file.ts';
import { openVocabulary, type Vocabulary } from '../text/vocabulary.ts';
import { type OpenTraining, openTraining } from './open-training.ts';
import type { FromTraining, ToTraining, TrainingCall, TrainingCalls } from './protocol.ts';

type Handlers = {
  [K in TrainingCall]: (request: TrainingCalls[K]['request']) => Promise<TrainingCalls[K]['reply']>;
};

const host = JSON.parse(process.argv[2] ?? '{}') as DeviceHostSpec;
const ended = new AbortController();
let open: OpenTraining | null = null;
let vocabulary: Vocabulary | null = null;

function training(): OpenTraining {
  if (open !== null) return open;
  throw new FilonError<TrainerErrorDetails>(
    { code: 'TRAIN_NOT_OPEN' },
    'no training is open in this process.',
  );
}

function text(): Vocabulary {
  if (vocabulary !== null) return vocabulary;
  throw new FilonError<TrainerErrorDetails>(
    { code: 'TRAIN_NOT_OPEN' },
    'no vocabulary is open in this process.',
  );
}

const handlers: Handlers = {
  open: async (spec) => {
    open = await openTraining(host, spec);
    return open.facts();
  },
  step: ({ batches, values }) => training().trainer.step(batches, values),
  evaluate: (batch) => training().trainer.evaluate(batch),
  save: ({ path }) => written(path, () => saveState(training().trainer, path, training().layout)),
  restore: async ({ path }) => {
    await loadState(training().trainer, path, training().layout);
    return training().facts();
  },
  read: async ({ part }) => training().trainer.read(part),
  write: async ({ part, flats }) => {
    await training().trainer.write(part, flats);
    return null;
  },
  export: async (spec) => {
    await written(spec.path, () => training().write(spec, ended.signal));
    return null;
  },
  vocabulary: async ({ path }) => {
    vocabulary = await openVocabulary(host.libraryDirectory, path);
    return vocabulary.facts;
  },
  tokenize: async ({ texts, special }) => text().tokenize(texts, special),
  render: ({ messages, generationPrompt }) =>
    text().render(messages, { generationPrompt, signal: ended.signal }),
};

/** What the system says where a disk, a quota or a limit on files is full. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

async function written<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && FULL.has(error.code))) throw error;
    throw new FilonError<TrainerErrorDetails>(
      { code: 'TRAIN_DISK_FULL', path },
      `no room on the disk for ${path}; free some and resume, nothing of it was kept`,
      { cause: error },
    );
  }
}

async function answer({ kind, id, request }: ToTraining): Promise<FromTraining> {
  try {
    const handler = handlers[kind] as (request: unknown) => Promise<unknown>;
    return { kind: 'reply', id, value: await handler(request) };
  } catch (error) {
    if (!isFilonError(error)) throw error;
    return { kind: 'failure', id, error: error.toObject() };
  }
}

let last: Promise<unknown> = Promise.resolve();
process.on('message', (message: ToTraining) => {
  last = last
    .then(() => answer(message))
    .then((reply) => {
      if (process.connected) process.send?.(reply);
    })
    .catch((error: unknown) => {
      process.stderr.write(`training: ${messageOf(error)}\n`);
      process.exit(1);
    });
});
process.on('disconnect', () => {
  ended.abort();
  process.exit(0);
});
// The terminal's Ctrl-C reaches the whole group; the node decides when a training ends.
process.on('SIGINT', () => undefined);
flushCompileCache();
