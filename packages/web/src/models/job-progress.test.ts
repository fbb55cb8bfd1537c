import type { PanelJob } from '@filon/core/panel/messages';
import { expect, test } from 'vitest';
import { modelsEn } from '../i18n/models-en.ts';
import { progressText } from './job-progress.tsx';

const running: PanelJob = {
  ...{ id: '1', kind: 'pull', model: 'ore', state: 'running', error: null },
  ...{ done: 42_000_000, total: 98_000_000, perSecond: 12_000_000, leftMs: 4700 },
};

test.each<[Partial<PanelJob>, string]>([
  [{}, 'Downloading · 43% · 42 MB of 98 MB · 12 MB/s · 5 s left'],
  [{ total: null, leftMs: null }, 'Downloading · 42 MB · 12 MB/s'],
  [{ done: 0 }, 'Starting…'],
  [{ done: 98_000_000 }, 'Checking the file…'],
  [{ perSecond: 0, leftMs: null }, 'Downloading · 43% · 42 MB of 98 MB'],
  [{ kind: 'load', done: 43, total: 100, perSecond: 9 }, 'Loading · 43% · 5 s left'],
])('%o', (more, text) => {
  expect(progressText(modelsEn, { ...running, ...more }, 'en')).toBe(text);
});
