import { FilonError } from '@filon/core/errors';
import { expect, test } from 'vitest';
import { panelEn } from '../i18n/panel-en.ts';
import { panelEs } from '../i18n/panel-es.ts';
import { failureOf, failureText, isShutOut } from './panel-words.ts';

const refused = (reason: string, status = 403): FilonError =>
  new FilonError({ code: 'WEB_REFUSED', status, reason }, 'the node says no');

test('a refusal goes by the name that the node gave it', () => {
  expect(failureOf(refused('MODEL_DISK_FULL'))).toEqual({
    code: 'MODEL_DISK_FULL',
    message: 'the node says no',
  });
  expect(failureOf(new FilonError({ code: 'WEB_UNREACHABLE' }, 'gone')).code).toBe('WEB_UNREACHABLE');
});

test('what is not known is left to the node to say', () => {
  expect(failureText(panelEn, { code: 'MODEL_DISK_FULL', message: '' })).toContain('disk');
  for (const code of ['NEW_THING', 'constructor', '__proto__', '']) {
    expect(failureText(panelEs, { code, message: 'text' })).toBeNull();
  }
});

test('every failure is worded in both languages', () => {
  expect(Object.keys(panelEn.failures)).toEqual(Object.keys(panelEs.failures));
});

test('being shut out is told from other refusals', () => {
  expect(isShutOut(refused('ACCESS_CONTROL_NEEDED'))).toBe(true);
  expect(isShutOut(refused('ACCESS_KEY_NEEDED', 401))).toBe(true);
  expect(isShutOut(refused('SERVE_MODEL_IN_USE', 503))).toBe(false);
  expect(isShutOut(new FilonError({ code: 'WEB_UNREACHABLE' }, 'gone'))).toBe(false);
});
