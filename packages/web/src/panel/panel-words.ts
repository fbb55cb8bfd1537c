/** Words of the operator's pages, and the node's own errors in them. */
import { type ErrorDetails, type FilonError, isFilonError } from '@filon/core/errors';
import { panelEn } from '../i18n/panel-en.ts';
import { panelEs } from '../i18n/panel-es.ts';
import { useLanguage } from '../i18n/words.ts';
import type { Language } from '../state/preferences.ts';

export type PanelWords = typeof panelEs;

const ALL: Readonly<Record<Language, PanelWords>> = { es: panelEs, en: panelEn };

export function usePanelWords(): PanelWords {
  return ALL[useLanguage()];
}

export interface Failure {
  code: string;
  /** As the node said it, in English. */
  message: string;
}

/** What a refusal of the node is by its own name, or what happened on the way. */
export function failureOf(error: FilonError): Failure {
  const { details, message } = error;
  return { code: isRefusal(details) ? details.reason : details.code, message };
}

/** In the reader's language; null when only the node knows how to say it. */
export function failureText({ failures }: PanelWords, { code }: Failure): string | null {
  return Object.hasOwn(failures, code) ? (failures[code] ?? null) : null;
}

/** Whether the browser has no session that may ask, or none any more. */
export function isShutOut(error: unknown): boolean {
  return (
    isFilonError(error, 'WEB_REFUSED') &&
    ['ACCESS_CONTROL_NEEDED', 'ACCESS_KEY_NEEDED'].includes(failureOf(error).code)
  );
}

function isRefusal(details: ErrorDetails): details is ErrorDetails & { reason: string } {
  return details.code === 'WEB_REFUSED' && 'reason' in details && typeof details.reason === 'string';
}
