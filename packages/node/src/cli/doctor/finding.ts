/** One thing that `filon doctor` looked at. */
import { messageOf } from '@filon/core/errors';
import type { Cli } from '../context.ts';

export interface Finding {
  name: string;
  state: 'ok' | 'warn' | 'fail';
  detail: string;
  /** What to do; null when all is well. */
  advice: string | null;
}

export interface CheckPlace {
  cli: Cli;
  /** Also what takes long: hashing the models. */
  deep: boolean;
  /** Moves a damaged database aside. */
  repair: boolean;
}

export interface Check {
  name: string;
  run(place: CheckPlace): Promise<Finding[]>;
}

export function ok(name: string, detail: string): Finding {
  return { name, state: 'ok', detail, advice: null };
}

export function warn(name: string, detail: string, advice: string): Finding {
  return { name, state: 'warn', detail, advice };
}

export function fail(name: string, detail: string, advice: string): Finding {
  return { name, state: 'fail', detail, advice };
}

/** A check that breaks is a finding too. */
export async function runCheck(check: Check, place: CheckPlace): Promise<Finding[]> {
  try {
    return await check.run(place);
  } catch (error) {
    place.cli.signal.throwIfAborted();
    return [fail(check.name, messageOf(error), 'Mend what it says, and run `filon doctor` again.')];
  }
}
