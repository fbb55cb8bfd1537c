import { useMemo, useRef } from 'react';
import { useServices } from '../services/services.ts';
import { goTo } from '../state/route.ts';
import { type Keys, useKeys } from '../state/use-keys.ts';

/** `comingId`: of the answer that Escape stops. */
export function useChatKeys(comingId: string | null, onHelp: () => void): void {
  const { answering } = useServices();
  const now = useRef({ comingId, onHelp });
  now.current = { comingId, onHelp };
  const keys = useMemo(
    (): Keys =>
      new Map([
        ['?', () => now.current.onHelp()],
        ['n', () => goTo({ page: 'chat', conversation: null })],
        ['/', () => document.getElementById('composer')?.focus()],
        [
          'Escape',
          () => {
            if (now.current.comingId !== null) void answering.stop(now.current.comingId);
          },
        ],
      ]),
    [answering],
  );
  useKeys(keys);
}
