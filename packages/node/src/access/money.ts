/**
 * Money in whole 10^-12ths of a unit of whatever currency the operator thinks in. A price has at most six decimals a
 * million tokens, so the cost of any number of tokens is whole, and no sum is ever rounded.
 */
import { FilonError } from '@filon/core/errors';
import type { AccessErrorDetails } from './errors.ts';

export type MoneyPico = bigint & { readonly unit: 'pico' };
/** For one token. */
export type PricePico = bigint & { readonly unit: 'pico a token' };

const AMOUNT = /^(\d{1,9})(?:\.(\d{1,6}))?$/;
const MICROS = 1_000_000n;

/** Of an amount such as `12.50`. Code: ACCESS_AMOUNT_INVALID. */
export function parseMoney(text: string): MoneyPico {
  return (microsOf(text) * MICROS) as MoneyPico;
}

/** Of an amount for a million tokens: its millionths are its 10^-12ths a token. Code: ACCESS_AMOUNT_INVALID. */
export function parsePrice(text: string): PricePico {
  return microsOf(text) as PricePico;
}

export function costOf(tokens: number, price: PricePico): MoneyPico {
  return (BigInt(tokens) * price) as MoneyPico;
}

/** With two decimals, or as many more as it takes. */
export function moneyText(money: bigint): string {
  const digits = money.toString().padStart(13, '0');
  const decimals = digits.slice(-12).replace(/0+$/, '').padEnd(2, '0');
  return `${digits.slice(0, -12)}.${decimals}`;
}

function microsOf(text: string): bigint {
  const [, whole, decimals = ''] = AMOUNT.exec(text) ?? [];
  if (whole !== undefined) return BigInt(whole) * MICROS + BigInt(decimals.padEnd(6, '0'));
  throw new FilonError<AccessErrorDetails>(
    { code: 'ACCESS_AMOUNT_INVALID', text },
    `"${text}" is no amount of money; write it like 12.50, with at most six decimals`,
  );
}
