/**
 * Arithmetic and terms of money. Each answer is a sheet: Given, Formula, Working, Result, Note. The arithmetic is done
 * here by the program, and rounded only where it is shown.
 */
import { type Chat, chat, choiceItem, decimal, pick, plain, type Sample, shuffled, table } from './kit.ts';

const NOTE = 'Note: arithmetic only, no advice; taxes and fees are left out.';

interface Sheet {
  given: string;
  formula: string;
  working: string;
  result: string;
}

function sheet(question: string, { given, formula, working, result }: Sheet): Chat {
  return chat(question, [
    `Given: ${given}`,
    `Formula: ${formula}`,
    `Working: ${working}`,
    `Result: ${result}`,
    NOTE,
  ]);
}

const money = (value: number): string => decimal(value, 2);
const percent = (share: number): string => `${plain(share * 100, 2)}%`;
const factor = (value: number): string => plain(value, 6);

/** Numbers that differ from item to item. */
interface Numbers {
  amount: number;
  other: number;
  rate: number;
  years: number;
  units: number;
}

function numbers(at: number): Numbers {
  return {
    amount: 1200 + 350 * (at % 17) + 1000 * (at % 5),
    other: 400 + 170 * (at % 13),
    rate: pick([0.02, 0.025, 0.03, 0.035, 0.04, 0.045, 0.05, 0.06, 0.07, 0.08], at * 3),
    years: 2 + (at % 9),
    units: 40 + 15 * (at % 11),
  };
}

type Maker = (n: Numbers, way: number) => Chat;

/** Kinds of sums that training sees; `way` chooses the words of the question. */
const TRAIN: Maker[] = [
  ({ amount, rate, years }, way) =>
    sheet(
      pick(
        [
          `What simple interest does ${money(amount)} earn at ${percent(rate)} a year over ${years} years?`,
          `Simple interest, please: principal ${money(amount)}, ${percent(rate)} a year, ${years} years.`,
        ],
        way,
      ),
      {
        given: `principal P = ${money(amount)}; rate r = ${percent(rate)}; time t = ${years} years`,
        formula: 'I = P x r x t',
        working: `${money(amount)} x ${factor(rate)} x ${years}`,
        result: `interest of ${money(amount * rate * years)}`,
      },
    ),
  ({ amount, rate, years }, way) =>
    sheet(
      pick(
        [
          `How much will ${money(amount)} grow to in ${years} years at ${percent(rate)}, compounded yearly?`,
          `I leave ${money(amount)} at ${percent(rate)} a year for ${years} years and take nothing out. What is there then?`,
        ],
        way,
      ),
      {
        given: `principal P = ${money(amount)}; rate r = ${percent(rate)}; n = ${years} years`,
        formula: 'A = P x (1 + r)^n',
        working: `${money(amount)} x ${factor(1 + rate)}^${years} = ${money(amount)} x ${factor((1 + rate) ** years)}`,
        result: `a balance of ${money(amount * (1 + rate) ** years)}`,
      },
    ),
  ({ amount, rate, years }, way) =>
    sheet(
      pick(
        [
          `What is ${money(amount)} due in ${years} years worth today at ${percent(rate)}?`,
          `Discount ${money(amount)} by ${years} years at ${percent(rate)} a year.`,
        ],
        way,
      ),
      {
        given: `future value F = ${money(amount)}; rate r = ${percent(rate)}; n = ${years} years`,
        formula: 'PV = F / (1 + r)^n',
        working: `${money(amount)} / ${factor((1 + rate) ** years)}`,
        result: `a present value of ${money(amount / (1 + rate) ** years)}`,
      },
    ),
  ({ amount, rate, years }, way) => {
    const monthly = rate / 12;
    const months = years * 12;
    const growth = (1 + monthly) ** -months;
    return sheet(
      pick(
        [
          `What is the monthly payment on a loan of ${money(amount * 10)} at ${percent(rate)} over ${years} years?`,
          `Loan ${money(amount * 10)}, ${percent(rate)} a year, ${months} equal monthly payments: how much is each?`,
        ],
        way,
      ),
      {
        given: `loan P = ${money(amount * 10)}; monthly rate i = ${percent(rate)} / 12; n = ${months} payments`,
        formula: 'M = P x i / (1 - (1 + i)^-n)',
        working: `${money(amount * 10)} x ${factor(monthly)} / (1 - ${factor(growth)})`,
        result: `a payment of ${money((amount * 10 * monthly) / (1 - growth))} a month`,
      },
    );
  },
  ({ amount, other }, way) =>
    sheet(
      pick(
        [
          `Sales went from ${money(amount)} to ${money(amount + other)}. What is the change in percent?`,
          `Percentage change from ${money(amount)} to ${money(amount + other)}?`,
        ],
        way,
      ),
      {
        given: `old value = ${money(amount)}; new value = ${money(amount + other)}`,
        formula: 'change = (new - old) / old',
        working: `${money(other)} / ${money(amount)}`,
        result: `a rise of ${percent(other / amount)}`,
      },
    ),
  ({ amount, other }, way) =>
    sheet(
      pick(
        [
          `Revenue is ${money(amount + other)} and cost of goods ${money(amount)}. What is the gross margin?`,
          `Gross margin for sales of ${money(amount + other)} with goods that cost ${money(amount)}?`,
        ],
        way,
      ),
      {
        given: `revenue = ${money(amount + other)}; cost of goods = ${money(amount)}`,
        formula: 'gross margin = (revenue - cost of goods) / revenue',
        working: `${money(other)} / ${money(amount + other)}`,
        result: `a gross margin of ${percent(other / (amount + other))}`,
      },
    ),
  ({ amount, other }, way) =>
    sheet(
      pick(
        [
          `Current assets are ${money(amount + 900)}, current liabilities ${money(other + 300)}. What is the current ratio?`,
          `Work out the current ratio: ${money(amount + 900)} against ${money(other + 300)}.`,
        ],
        way,
      ),
      {
        given: `current assets = ${money(amount + 900)}; current liabilities = ${money(other + 300)}`,
        formula: 'current ratio = current assets / current liabilities',
        working: `${money(amount + 900)} / ${money(other + 300)}`,
        result: `a current ratio of ${decimal((amount + 900) / (other + 300), 2)}`,
      },
    ),
  ({ amount, other }, way) =>
    sheet(
      pick(
        [
          `A firm owes ${money(amount)} and its owners' equity is ${money(amount + other)}. Debt to equity?`,
          `Debt to equity ratio with debt of ${money(amount)} and equity of ${money(amount + other)}.`,
        ],
        way,
      ),
      {
        given: `debt = ${money(amount)}; equity = ${money(amount + other)}`,
        formula: 'debt to equity = debt / equity',
        working: `${money(amount)} / ${money(amount + other)}`,
        result: `a debt to equity ratio of ${decimal(amount / (amount + other), 2)}`,
      },
    ),
  ({ units, years }, way) =>
    sheet(
      pick(
        [
          `A share costs ${money(units)} and earns ${money(years)} a year. What is the price to earnings ratio?`,
          `Price ${money(units)}, earnings a share ${money(years)}: P/E?`,
        ],
        way,
      ),
      {
        given: `price = ${money(units)}; earnings a share = ${money(years)}`,
        formula: 'P/E = price / earnings a share',
        working: `${money(units)} / ${money(years)}`,
        result: `a price to earnings ratio of ${decimal(units / years, 2)}`,
      },
    ),
  ({ units, years }, way) =>
    sheet(
      pick(
        [
          `A share at ${money(units)} pays a dividend of ${money(years / 2)}. What is the yield?`,
          `Dividend yield of ${money(years / 2)} on a price of ${money(units)}?`,
        ],
        way,
      ),
      {
        given: `dividend = ${money(years / 2)}; price = ${money(units)}`,
        formula: 'yield = dividend / price',
        working: `${money(years / 2)} / ${money(units)}`,
        result: `a dividend yield of ${percent(years / 2 / units)}`,
      },
    ),
  ({ amount, units, years }, way) => {
    const price = 20 + units / 5;
    const cost = 8 + years;
    return sheet(
      pick(
        [
          `Fixed costs ${money(amount)}, price ${money(price)}, variable cost ${money(cost)} a piece. How many pieces to break even?`,
          `Find the break-even point: each piece sells for ${money(price)}, costs ${money(cost)} to make, and ${money(amount)} are fixed.`,
        ],
        way,
      ),
      {
        given: `fixed costs F = ${money(amount)}; price p = ${money(price)}; variable cost v = ${money(cost)}`,
        formula: 'pieces = F / (p - v), rounded up',
        working: `${money(amount)} / ${money(price - cost)} = ${decimal(amount / (price - cost), 2)}`,
        result: `${decimal(Math.ceil(amount / (price - cost)), 0)} pieces`,
      },
    );
  },
  ({ rate }, way) =>
    sheet(
      pick(
        [
          `By the rule of 72, how long does money take to double at ${percent(rate)}?`,
          `Rule of 72 for ${percent(rate)} a year?`,
        ],
        way,
      ),
      {
        given: `rate = ${percent(rate)} a year`,
        formula: 'years to double = 72 / rate in percent (an estimate)',
        working: `72 / ${plain(rate * 100, 2)}`,
        result: `about ${decimal(72 / (rate * 100), 1)} years`,
      },
    ),
  ({ amount, other, years }, way) =>
    sheet(
      pick(
        [
          `A machine costs ${money(amount + other)} and is worth ${money(other)} after ${years} years. Yearly straight-line depreciation?`,
          `Depreciate ${money(amount + other)} to ${money(other)} in a straight line over ${years} years.`,
        ],
        way,
      ),
      {
        given: `cost = ${money(amount + other)}; residual value = ${money(other)}; life = ${years} years`,
        formula: 'depreciation = (cost - residual value) / life',
        working: `${money(amount)} / ${years}`,
        result: `${money(amount / years)} a year`,
      },
    ),
  ({ amount, rate, years }, way) => {
    const monthly = rate / 12;
    const months = years * 12;
    const deposit = amount / 20;
    const sum = ((1 + monthly) ** months - 1) / monthly;
    return sheet(
      pick(
        [
          `I save ${money(deposit)} at the end of each month at ${percent(rate)} a year. What do I have after ${years} years?`,
          `Monthly saving of ${money(deposit)}, ${percent(rate)} a year paid monthly, ${years} years: final amount?`,
        ],
        way,
      ),
      {
        given: `deposit D = ${money(deposit)}; monthly rate i = ${percent(rate)} / 12; n = ${months} months`,
        formula: 'A = D x ((1 + i)^n - 1) / i',
        working: `${money(deposit)} x ${plain(sum, 4)}`,
        result: `savings of ${money(deposit * sum)}`,
      },
    );
  },
  ({ rate, years }, way) => {
    const inflation = 0.01 + years / 1000;
    return sheet(
      pick(
        [
          `A deposit pays ${percent(rate)} and prices rise by ${percent(inflation)}. What is the real return?`,
          `Real return with ${percent(rate)} interest and ${percent(inflation)} inflation?`,
        ],
        way,
      ),
      {
        given: `nominal rate = ${percent(rate)}; inflation = ${percent(inflation)}`,
        formula: 'real = (1 + nominal) / (1 + inflation) - 1',
        working: `${factor(1 + rate)} / ${factor(1 + inflation)} - 1`,
        result: `a real return of ${percent((1 + rate) / (1 + inflation) - 1)}`,
      },
    );
  },
  ({ amount, years }, way) => {
    const tax = pick([0.04, 0.1, 0.19, 0.2, 0.21], years);
    return sheet(
      pick(
        [
          `A price of ${money(amount)} includes ${percent(tax)} sales tax. What is the price before tax?`,
          `Take ${percent(tax)} tax out of a gross price of ${money(amount)}.`,
        ],
        way,
      ),
      {
        given: `gross price = ${money(amount)}; tax rate = ${percent(tax)}`,
        formula: 'net price = gross price / (1 + tax rate)',
        working: `${money(amount)} / ${plain(1 + tax, 2)}`,
        result: `a net price of ${money(amount / (1 + tax))}`,
      },
    );
  },
];

/** Other kinds of sums, on the same sheet. */
const HELD_OUT: ((n: Numbers) => Chat)[] = [
  ({ amount, other, years }) =>
    sheet(
      `An investment of ${money(amount)} became ${money(amount + other)} within ${years} years. Which yearly growth rate is that?`,
      {
        given: `start = ${money(amount)}; end = ${money(amount + other)}; n = ${years} years`,
        formula: 'growth = (end / start)^(1/n) - 1',
        working: `${factor((amount + other) / amount)}^(1/${years}) - 1`,
        result: `a growth rate of ${percent(((amount + other) / amount) ** (1 / years) - 1)} a year`,
      },
    ),
  ({ rate }) =>
    sheet(`A card charges ${percent(rate * 3)} a year, added monthly. Give me the effective annual rate.`, {
      given: `nominal rate = ${percent(rate * 3)}; 12 periods a year`,
      formula: 'effective rate = (1 + nominal / 12)^12 - 1',
      working: `${factor(1 + rate / 4)}^12 - 1`,
      result: `an effective rate of ${percent((1 + rate / 4) ** 12 - 1)}`,
    }),
  ({ amount, other }) =>
    sheet(
      `Stock worth ${money(other)} on average stands against yearly cost of goods of ${money(amount * 2)}. Turnover?`,
      {
        given: `cost of goods = ${money(amount * 2)}; average stock = ${money(other)}`,
        formula: 'stock turnover = cost of goods / average stock',
        working: `${money(amount * 2)} / ${money(other)}`,
        result: `the stock turns over ${decimal((amount * 2) / other, 2)} times a year`,
      },
    ),
  ({ amount }) =>
    sheet(`Split a monthly income of ${money(amount)} by the 50/30/20 habit.`, {
      given: `income = ${money(amount)}`,
      formula: 'needs = 50%; wishes = 30%; savings = 20%',
      working: `${money(amount)} x 0.5, x 0.3 and x 0.2`,
      result: `needs ${money(amount * 0.5)}; wishes ${money(amount * 0.3)}; savings ${money(amount * 0.2)}`,
    }),
  ({ amount, other, units }) =>
    sheet(
      `A company has profits of ${money(amount * 10)}, pays ${money(other)} to preferred shares and has ${decimal(units * 10, 0)} common shares. Earnings for each?`,
      {
        given: `profit = ${money(amount * 10)}; preferred dividends = ${money(other)}; shares = ${decimal(units * 10, 0)}`,
        formula: 'earnings a share = (profit - preferred dividends) / shares',
        working: `${money(amount * 10 - other)} / ${decimal(units * 10, 0)}`,
        result: `earnings of ${money((amount * 10 - other) / (units * 10))} a share`,
      },
    ),
  ({ units }) =>
    sheet(`I bought ${units} shares at 12.00 and ${units * 2} more at 15.00. What did I pay on average?`, {
      given: `${units} shares at 12.00; ${units * 2} shares at 15.00`,
      formula: 'average price = total paid / shares',
      working: `${money(units * 42)} / ${units * 3}`,
      result: 'an average price of 14.00 a share',
    }),
  ({ amount, other }) =>
    sheet(
      `Somebody spends ${money(other)} a month and has put aside ${money(amount * 2)}. How long does that reserve last?`,
      {
        given: `reserve = ${money(amount * 2)}; spending = ${money(other)} a month`,
        formula: 'months = reserve / spending',
        working: `${money(amount * 2)} / ${money(other)}`,
        result: `${decimal((amount * 2) / other, 1)} months`,
      },
    ),
  ({ amount, other, rate }) =>
    sheet(
      `A project costs ${money(amount)} now and returns ${money(other)} after one year and ${money(amount)} after two. Net present value at ${percent(rate)}?`,
      {
        given: `outlay = ${money(amount)}; flows = ${money(other)} and ${money(amount)}; rate r = ${percent(rate)}`,
        formula: 'NPV = -outlay + flow 1 / (1 + r) + flow 2 / (1 + r)^2',
        working: `-${money(amount)} + ${money(other / (1 + rate))} + ${money(amount / (1 + rate) ** 2)}`,
        result: `a net present value of ${money(-amount + other / (1 + rate) + amount / (1 + rate) ** 2)}`,
      },
    ),
];

// term | meaning | formula or measure | what it tells
const TERMS = table(`
asset | something of value that is owned | value on the balance sheet | what could be used or sold
liability | something that is owed to others | value on the balance sheet | what has to be paid one day
equity | what is left for the owners | assets - liabilities | the owners' share of a firm
liquidity | how fast something can be turned into cash | cash and near cash / short-term debt | whether bills can be paid on time
inflation | a general rise of prices | (new index - old index) / old index | how much less money buys
diversification | spreading money over different things | weights of the parts | how much depends on a single one
bond | a loan to a state or firm that pays interest | coupon / price | what the lender receives for waiting
share | a part of the ownership of a firm | price x number of shares | what a part of the firm costs
dividend | a part of the profit that is paid to owners | dividend / price | what owners receive in cash
depreciation | the yearly loss of an asset's book value | (cost - residual value) / life | how a cost is spread over years
cash flow | money that came in less money that went out | inflows - outflows | whether there is money to pay with
working capital | what is free for daily business | current assets - current liabilities | how much slack there is
principal | the sum that was lent or saved | balance before interest | what interest is counted on
collateral | something that a lender may take if a loan is not paid | loan / value of the collateral | how safe the lender is
credit score | a number for how reliably somebody pays | model of past payments | how lenders see a borrower
volatility | how much a price moves up and down | standard deviation of returns | how rough the way may be
opportunity cost | what the best other choice would have brought | return of the other choice | the price of a decision
break-even point | where income just covers all costs | fixed costs / (price - variable cost) | from where on there is profit
net income | what is left after all costs and taxes | revenue - all costs | whether a firm earned money
amortisation | paying a loan back in parts | payment - interest | how fast a debt shrinks
`);

function termChats(term: readonly string[], way: number): Chat[] {
  const [name = '', meaning = '', formula = '', tells = ''] = term;
  const sheetOf = (question: string, working: string): Chat =>
    sheet(question, { given: `the term "${name}"`, formula, working, result: meaning });
  return [
    sheetOf(
      pick([`What does "${name}" mean in finance?`, `Define the term "${name}".`], way),
      `it tells ${tells}`,
    ),
    sheetOf(
      pick([`Why does "${name}" matter?`, `What is "${name}" good for?`], way),
      `look at it to see ${tells}`,
    ),
  ];
}

export function financialSample(): Sample {
  const sums = Array.from({ length: 16 }, (_, at) =>
    TRAIN.map((make, kind) => make(numbers(at * 7 + kind * 3), at)),
  );
  const terms = TERMS.flatMap(termChats);
  const heldOut = Array.from({ length: 5 }, (_, at) =>
    HELD_OUT.map((make, kind) => make(numbers(200 + at * 7 + kind * 5))),
  );
  const compared = TERMS.slice(0, 10).map((one, at) => comparison(one, pick(TERMS, at + 7)));
  return {
    train: shuffled([...sums.flat(), ...terms], 3),
    heldOut: shuffled([...heldOut.flat(), ...compared], 4),
    choices: choices(),
    files: {},
  };
}

function comparison(one: readonly string[], two: readonly string[]): Chat {
  return sheet(`A student mixes up "${one[0]}" and "${two[0]}". How do they differ?`, {
    given: `two terms: ${one[0]}; ${two[0]}`,
    formula: `${one[2]} against ${two[2]}`,
    working: `the first shows ${one[3]}; the second shows ${two[3]}`,
    result: `"${one[0]}" is ${one[1]}, while "${two[0]}" is ${two[1]}`,
  });
}

function choices(): Sample['choices'] {
  const meanings = [0, 1, 2, 4, 8, 10, 12].map((row, at) => {
    const [name = '', meaning = ''] = pick(TERMS, row);
    const wrong = [5, 9, 13].map((step) => pick(pick(TERMS, row + step), 1));
    return choiceItem(`What is meant by "${name}"?`, meaning, { wrong, at });
  });
  const sums = [100, 250, 400, 800, 1500].map((amount, at) => {
    const right = money(amount * 1.1 ** 2);
    const wrong = [amount * 1.2, amount * 1.1, amount * 1.331].map(money);
    const question = `What does ${money(amount)} become in two years at 10% a year, compounded?`;
    return choiceItem(question, right, { wrong, at });
  });
  return [...meanings, ...sums];
}
