/** Whether the engine's libraries load, and which devices answer. */
import { formatBytes } from '@filon/core/units';
import { type Check, ok, warn } from './finding.ts';

const devices: Check = {
  name: 'engine',
  run: async ({ cli }) => {
    const settings = cli.config().values;
    const { makers } = cli.surroundings;
    const found = await makers.probeDevices({ paths: cli.paths, settings, signal: cli.signal });
    const findings = found.map((device) => {
      const memory = `${formatBytes(device.freeBytes)} free of ${formatBytes(device.memoryBytes)}`;
      return ok('device', `${device.id}: ${device.name}, ${device.backend}, ${memory}`);
    });
    const chosen = settings.device;
    if (chosen !== 'auto' && !found.some((device) => device.id === chosen)) {
      const advice = 'Choose one of those listed, or `filon config unset device`.';
      findings.push(warn('device', `the setting device is ${chosen}, which did not answer`, advice));
    }
    return [ok('engine', 'its libraries load'), ...findings];
  },
};

export const ENGINE_CHECKS: readonly Check[] = [devices];
