/**
 * How many threads decode. Threads wait for one another by spinning, so on a quiet machine a decode uses the whole of
 * each of its cores. Where something else has taken one, it gets less, and two threads are many times slower than one:
 * then fewer are tried, and kept where they are quicker.
 */

export interface Decode {
  rows: number;
  wallMs: number;
  /** Processor time of the whole process meanwhile. */
  cpuMs: number;
}

export interface ThreadGovernor {
  /** Threads for the next decode. */
  readonly threads: number;
  observe(decode: Decode): void;
}

/** Larger batches read prompts: their times say nothing about the others'. */
const ROWS_MAX = 32;
/** So many decodes of alike batches are looked at together. */
const WINDOW = 8;
/** Measured: 0.95 and more of each core on a quiet machine, 0.64 and less of two beside one busy process. */
const SHARE_MIN = 0.8;
/**
 * Below this share of its cores a decode has collapsed: its threads spin for one that has no core. Measured with as many
 * busy processes as cores: 0.14 to 0.2, and 5 to 20 times slower than one thread. So few decodes are enough to see it.
 */
const COLLAPSED_SHARE = 0.4;
const COLLAPSED_WINDOW = 2;
/** Fewer threads are kept when they are quicker by this factor; more, when they are no slower. */
const GAIN_FACTOR = 0.8;
/** A trial is decided by the best of three decodes, or by one that is slower than allowed by this factor. */
const TRIAL_MAJORITY = 2;
const HOPELESS_FACTOR = 2;
/**
 * Decodes from one trial to the next; a first collapse does not wait. Each trial of fewer threads that was in vain doubles
 * them. Trials of more may cost this share of the time, so that cores that are free again are soon used.
 */
const WAIT_MIN = 64;
const WAIT_MAX = 1024;
const TRIAL_COST_SHARE = 0.03;

interface Trial {
  from: number;
  size: number;
  barMs: number;
  won: number;
  lost: number;
  /** Beyond the bar, of all its decodes. */
  lostMs: number;
}

export function createThreadGovernor(threadsMax: number): ThreadGovernor {
  let threads = threadsMax;
  let seen: Decode[] = [];
  let trial: Trial | null = null;
  let wait = WAIT_MIN;
  let since = WAIT_MIN;
  /** Fewer threads were no quicker the last time. */
  let vain = false;

  const waitAfter = ({ from, barMs, lostMs }: Trial): number => {
    if (threads < from) return Math.min(2 * wait, WAIT_MAX);
    return Math.min(WAIT_MAX, Math.max(WAIT_MIN, lostMs / barMs / TRIAL_COST_SHARE));
  };
  const conclude = (over: Trial, kept: boolean): void => {
    wait = kept ? WAIT_MIN : waitAfter(over);
    if (threads < over.from) vain = !kept;
    if (!kept) threads = over.from;
    since = 0;
    trial = null;
    seen = [];
  };
  const judge = (current: Trial, { rows, wallMs }: Decode): void => {
    const alike = sizeOf(rows) === current.size;
    if (wallMs <= current.barMs) current.won += 1;
    else current.lost += wallMs > HOPELESS_FACTOR * current.barMs ? TRIAL_MAJORITY : 1;
    current.lostMs += Math.max(0, wallMs - current.barMs);
    if (!alike || current.lost >= TRIAL_MAJORITY) conclude(current, false);
    else if (current.won === TRIAL_MAJORITY) conclude(current, true);
  };
  const tryOther = (to: number, factor: number, size: number): void => {
    trial = { from: threads, size, barMs: factor * medianMs(seen), won: 0, lost: 0, lostMs: 0 };
    threads = to;
  };
  return {
    get threads() {
      return threads;
    },
    observe: (decode) => {
      if (threadsMax === 1 || decode.rows > ROWS_MAX) return;
      if (trial !== null) {
        judge(trial, decode);
        return;
      }
      const size = sizeOf(decode.rows);
      if (seen.length > 0 && sizeOf((seen[0] as Decode).rows) !== size) seen = [];
      seen.push(decode);
      since += 1;
      const collapsed = threads > 1 && shareOf(seen) < COLLAPSED_SHARE * threads;
      const mayTry = since >= wait || (collapsed && !vain);
      if (seen.length < (collapsed && mayTry ? COLLAPSED_WINDOW : WINDOW)) return;
      if (mayTry && threads > 1 && shareOf(seen) < SHARE_MIN * threads)
        tryOther(threads - 1, GAIN_FACTOR, size);
      else if (since >= wait && threads < threadsMax) tryOther(threads + 1, 1, size);
      seen = [];
    },
  };
}

/** Batches of about the same size take about the same time. */
function sizeOf(rows: number): number {
  return Math.ceil(Math.log2(rows));
}

/** Cores that were used, on average. */
function shareOf(decodes: readonly Decode[]): number {
  const sum = (of: (decode: Decode) => number): number => decodes.reduce((total, d) => total + of(d), 0);
  return sum(({ cpuMs }) => cpuMs) / sum(({ wallMs }) => wallMs);
}

function medianMs(decodes: readonly Decode[]): number {
  return decodes.map(({ wallMs }) => wallMs).sort((a, b) => a - b)[decodes.length >> 1] as number;
}
