/**
 * What a decode takes by itself. Decodes of a process take turns, so one begins when it was asked for, or when the one
 * before it ended: what it waited for says nothing about its threads.
 */

export interface Taken {
  wallMs: number;
  /** Processor time of the whole process meanwhile. */
  cpuMs: number;
}

/** Milliseconds since some moment. */
export interface Times {
  wallMs: number;
  cpuMs: number;
}

export interface DecodeMeter {
  /** Called when a decode is asked for; what it returns, when that has ended. */
  begin(): () => Taken;
}

/** One for all that take turns. */
export function createDecodeMeter(times: () => Times): DecodeMeter {
  let last: Times | null = null;
  return {
    begin: () => {
      const asked = times();
      return () => {
        const from = last !== null && last.wallMs > asked.wallMs ? last : asked;
        last = times();
        return { wallMs: last.wallMs - from.wallMs, cpuMs: last.cpuMs - from.cpuMs };
      };
    },
  };
}

/** Of this process. */
export function processTimes(): Times {
  const { user, system } = process.cpuUsage();
  return { wallMs: performance.now(), cpuMs: (user + system) / 1000 };
}
