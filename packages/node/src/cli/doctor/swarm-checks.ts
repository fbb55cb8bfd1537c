/** The swarm: whether this node is a member, whether others get through to it, and whether anybody can be reached. */
import { isFilonError } from '@filon/core/errors';
import { reachAdvice, reachText } from '../swarm-words.ts';
import { type Check, ok, warn } from './finding.ts';

const swarm: Check = {
  name: 'swarm',
  run: async ({ cli }) => {
    try {
      const view = await cli.control.swarm({}, { signal: cli.signal });
      if (view === null) return [ok('swarm', 'in none')];
      const { swarm: own, members, connected } = view;
      if (own.lost !== null)
        return [warn('swarm', `${own.name}: ${reachText(view)}`, reachAdvice(view) ?? '')];
      const detail = `${own.name}, ${members} members known, ${connected} connected`;
      const findings = [ok('swarm', detail), ok('reach', reachText(view))];
      const advice = reachAdvice(view);
      return advice === null ? findings : [...findings, warn('reach', 'the swarm is hard to enter', advice)];
    } catch (error) {
      if (isFilonError(error, 'CONTROL_NO_NODE')) return [];
      throw error;
    }
  },
};

export const SWARM_CHECKS: readonly Check[] = [swarm];
