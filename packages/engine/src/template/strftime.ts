/**
 * `strftime_now` of chat templates, in English whatever the machine's language, so that the same moment gives the same
 * prompt. Local time, as everywhere else.
 */
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const SHORT = 3;

/** Unknown letters after a percent sign stay as they are. */
export function strftime(format: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = DAYS[now.getDay()] ?? '';
  const month = MONTHS[now.getMonth()] ?? '';
  const values = new Map([
    ['Y', String(now.getFullYear())],
    ['y', two(now.getFullYear() % 100)],
    ['m', two(now.getMonth() + 1)],
    ['d', two(now.getDate())],
    ['B', month],
    ['b', month.slice(0, SHORT)],
    ['A', day],
    ['a', day.slice(0, SHORT)],
    ['H', two(now.getHours())],
    ['I', two(now.getHours() % 12 || 12)],
    ['p', now.getHours() < 12 ? 'AM' : 'PM'],
    ['M', two(now.getMinutes())],
    ['S', two(now.getSeconds())],
    ['%', '%'],
  ]);
  return format.replace(/%(.)/g, (whole, letter: string) => values.get(letter) ?? whole);
}
