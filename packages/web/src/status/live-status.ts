/** The node's state as it was heard last. What was heard outlives a visit to the other pages. */
import type { PanelStatus } from '@filon/core/panel/messages';
import { readStatus } from '../panel/panel-api.ts';
import { createStore, type Store } from '../state/store.ts';
import type { Waiting } from '../wire/node-api.ts';
import { EMPTY_HISTORY, type SpeedHistory, withReading } from './speed-history.ts';

export interface Heard {
  status: PanelStatus;
  atMs: number;
}

export const speedHistory: Store<SpeedHistory> = createStore(EMPTY_HISTORY);

export async function hearStatus(options: Waiting): Promise<Heard> {
  const status = await readStatus(options);
  const { uptimeSeconds, counters } = status;
  const reading = { atMs: performance.now(), uptimeSeconds, generatedTokens: counters.generatedTokens };
  speedHistory.update((history) => withReading(history, reading));
  return { status, atMs: Date.now() };
}
