import { FilonError } from '@filon/core/errors';
import { expect, test } from 'vitest';
import { explainDeath } from './explain-death.ts';

const died = (exit: string, ...lines: string[]): FilonError =>
  new FilonError({ code: 'TRAIN_PROCESS_DIED', device: 'cpu', exit, lines }, 'it died');

test.each([
  ['killed, while the system killed for memory', died('SIGKILL'), true, 'TRAIN_OUT_OF_MEMORY'],
  ['killed by somebody', died('SIGKILL'), false, 'TRAIN_PROCESS_DIED'],
  ['crashed, while the system killed something else', died('SIGSEGV'), true, 'TRAIN_PROCESS_DIED'],
  [
    'ended by what its device refused',
    died('SIGABRT', 'ggml_vulkan: Device memory allocation of size 1 failed.', 'vk: Out of memory'),
    false,
    'TRAIN_OUT_OF_MEMORY',
  ],
] as const)('a process that was %s', (_, error, killedForMemory, code) => {
  const explained = explainDeath(error, { killedForMemory, neededBytes: 2, freeBytes: 1 });
  expect(explained.code).toBe(code);
  if (code === 'TRAIN_OUT_OF_MEMORY')
    expect(explained.details).toMatchObject({ neededBytes: 2, freeBytes: 1 });
});
