/** Values of `format`, exactly as RFC 3339 (dates and times, years with their leap days), RFC 9562 and RFC 2673 say. */
import { chars, choice, DIGIT, type Expr, oneOf, optional, repeat, sequence, span, text } from './gbnf.ts';

const FRACTION_DIGITS_MAX = 9;

const evenFourth = choice(sequence(oneOf('02468'), oneOf('048')), sequence(oneOf('13579'), oneOf('26')));
const evenFourthNotZero = choice(
  sequence(text('0'), oneOf('48')),
  sequence(oneOf('2468'), oneOf('048')),
  sequence(oneOf('13579'), oneOf('26')),
);
const leapYear = choice(sequence(DIGIT, DIGIT, evenFourthNotZero), sequence(evenFourth, text('00')));
const upTo28 = choice(
  sequence(text('0'), span('1', '9')),
  sequence(text('1'), DIGIT),
  sequence(text('2'), span('0', '8')),
);
const upTo30 = choice(sequence(text('0'), span('1', '9')), sequence(oneOf('12'), DIGIT), text('30'));
const longMonth = choice(sequence(text('0'), oneOf('13578')), sequence(text('1'), oneOf('02')));
const shortMonth = choice(sequence(text('0'), oneOf('469')), text('11'));

const date = choice(
  sequence(
    repeat(DIGIT, 4),
    text('-'),
    choice(
      sequence(longMonth, text('-'), choice(upTo30, text('31'))),
      sequence(shortMonth, text('-'), upTo30),
      sequence(text('02-'), upTo28),
    ),
  ),
  sequence(leapYear, text('-02-29')),
);

const hour = choice(sequence(oneOf('01'), DIGIT), sequence(text('2'), span('0', '3')));
const sixty = sequence(span('0', '5'), DIGIT);
const time = sequence(
  hour,
  text(':'),
  sixty,
  text(':'),
  sixty,
  optional(sequence(text('.'), repeat(DIGIT, 1, FRACTION_DIGITS_MAX))),
  choice(text('Z'), sequence(oneOf('+-'), hour, text(':'), sixty)),
);

const hex = chars([0x30, 0x39], [0x41, 0x46], [0x61, 0x66]);
const uuid = sequence(
  repeat(hex, 8),
  text('-'),
  repeat(sequence(repeat(hex, 4), text('-')), 3),
  repeat(hex, 12),
);

const byte = choice(
  DIGIT,
  sequence(span('1', '9'), DIGIT),
  sequence(text('1'), DIGIT, DIGIT),
  sequence(text('2'), span('0', '4'), DIGIT),
  sequence(text('25'), span('0', '5')),
);
const ipv4 = sequence(repeat(sequence(byte, text('.')), 3), byte);

/** The text between the quotes, by the name of the format. */
export const TEXT_FORMATS: ReadonlyMap<string, Expr> = new Map([
  ['date', date],
  ['time', time],
  ['date-time', sequence(date, text('T'), time)],
  ['uuid', uuid],
  ['ipv4', ipv4],
]);
