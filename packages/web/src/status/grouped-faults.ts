import type { PanelFault } from '@filon/core/panel/messages';

export interface FaultGroup extends PanelFault {
  key: string;
  /** Times that the same was noted; `atMs` is the last one. */
  count: number;
}

/** The same error again and again is one line. The newest first. */
export function groupedFaults(faults: readonly PanelFault[]): FaultGroup[] {
  const groups = new Map<string, FaultGroup>();
  for (const fault of faults) {
    const key = JSON.stringify([fault.code, fault.route, fault.message]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ...fault, key, count: 1 });
    else group.count += 1;
  }
  return [...groups.values()];
}
