/** What went wrong lately on this node's side, for the operator to read. Kept in memory alone. */
import type { FilonError } from '@filon/core/errors';
import type { PanelFault } from '@filon/core/panel/messages';
import type { Clock } from '../../ports/clock.ts';

const FAULTS_MAX = 50;
/** What the client did wrong is no fault of the node; a full queue is its limit, and worth knowing. */
const STATUS_MIN = 500;
const STATUS_FULL = 429;

export class RecentFaults {
  readonly #clock: Clock;
  readonly #faults: PanelFault[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The newest first. */
  get list(): readonly PanelFault[] {
    return this.#faults;
  }

  /** `error: null`: one that nobody foresaw, whose message might quote a prompt. */
  note(route: string, status: number, error: FilonError | null): void {
    if (status < STATUS_MIN && status !== STATUS_FULL) return;
    const code = error?.code ?? 'INTERNAL';
    const message = error?.message ?? 'something went wrong inside this node; its log says what';
    this.#faults.unshift({ atMs: this.#clock.nowMs(), route, code, message });
    this.#faults.length = Math.min(this.#faults.length, FAULTS_MAX);
  }
}
