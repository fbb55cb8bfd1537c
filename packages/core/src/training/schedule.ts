/**
 * Learning rates by step. Pure functions of (schedule, step), so a resumed run goes on with the same rates.
 *
 * Warm-up is linear: step s of w has (s + 1) / w of the peak, so that step 0 already learns. After it:
 * - constant: the peak.
 * - cosine: half a cosine from the peak to the final rate at the run's end (Loshchilov and Hutter, SGDR,
 *   arXiv 1608.03983, equation 5 without restarts).
 * - wsd (warm-up, stable, decay): the peak, and over the last share of the steps 1 - sqrt(t) down to the final rate
 *   (Hu et al., MiniCPM, arXiv 2404.06395; the shape from Hägele et al., arXiv 2405.18392, section 3).
 */
export const SCHEDULE_KINDS = ['constant', 'cosine', 'wsd'] as const;
export type ScheduleKind = (typeof SCHEDULE_KINDS)[number];

export interface Schedule {
  kind: ScheduleKind;
  /** The highest rate. */
  peak: number;
  /** Steps of the whole run, at least 1. */
  steps: number;
  /** 0 to `steps`. */
  warmupSteps: number;
  /** The rate that cosine and wsd end at, as a share of the peak: 0 to 1. */
  finalShare: number;
  /** The last part of the steps in which wsd decays, as a share of them: 0 to 1. Cut to what warm-up left. */
  decayShare: number;
}

/** The learning rate of a step, counted from 0. Steps beyond the run's end have the last rate. */
export function learningRateAt(schedule: Schedule, step: number): number {
  const { peak, warmupSteps } = schedule;
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  return peak * shareAfterWarmup(schedule, step);
}

function shareAfterWarmup(schedule: Schedule, step: number): number {
  const { kind, steps, warmupSteps, finalShare, decayShare } = schedule;
  if (kind === 'constant') return 1;
  const wanted = kind === 'cosine' ? steps - warmupSteps : Math.round(steps * decayShare);
  const decaySteps = Math.min(wanted, steps - warmupSteps);
  const decayed = step - (steps - decaySteps) + 1;
  if (decaySteps < 1 || decayed <= 0) return 1;
  // 1 at the last step: a short run reaches its final rate too.
  const t = Math.min(1, decayed / decaySteps);
  const left = kind === 'cosine' ? (1 + Math.cos(Math.PI * t)) / 2 : 1 - Math.sqrt(t);
  return finalShare + (1 - finalShare) * left;
}
