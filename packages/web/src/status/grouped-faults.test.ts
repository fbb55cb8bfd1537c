import { expect, test } from 'vitest';
import { groupedFaults } from './grouped-faults.ts';

const fault = (atMs: number, code: string, message = 'm') => ({ atMs, code, message, route: 'chat' });

test('the same again and again is one, told by its last time', () => {
  const faults = [fault(9, 'A'), fault(8, 'B'), fault(7, 'A'), fault(6, 'A', 'other'), fault(5, 'A')];
  expect(groupedFaults(faults).map(({ atMs, count }) => [atMs, count])).toEqual([
    [9, 3],
    [8, 1],
    [6, 1],
  ]);
  expect(groupedFaults([])).toEqual([]);
});
