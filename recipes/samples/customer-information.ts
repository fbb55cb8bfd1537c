/**
 * What customers of the invented shop ask, and how it answers: friendly, with the product's name in stars, and signed. The
 * folder holds the same facts as a shop would have them, with personal data to be removed.
 */
import { type Chat, chat, choiceItem, pick, type Sample, shuffled } from './kit.ts';
import { pdfOf } from './pdf.ts';
import {
  CUSTOMERS,
  ORDERS,
  type Order,
  POLICIES,
  type Policy,
  PRODUCTS,
  type Product,
  SHOP,
  SHOP_EMAIL,
} from './shop.ts';

const FREE_FROM_EUR = 60;

/** Every answer greets and signs alike. */
function reply(question: string, ...sentences: string[]): Chat {
  return chat(question, [
    `Hello and thank you for writing to ${SHOP}!`,
    ...sentences,
    `Happy gardening, your ${SHOP} team`,
  ]);
}

const stockOf = ({ stock }: Product): string =>
  stock === 0 ? 'is sold out at the moment' : `is in stock, with ${stock} pieces ready to go`;

const ABOUT_PRODUCTS: ((product: Product, at: number) => Chat)[] = [
  ({ name, sku, price }, at) =>
    reply(
      pick([`How much is the ${name}?`, `What does ${sku} cost?`, `Price of the ${name}, please.`], at),
      `The **${name}** (${sku}) costs ${price} EUR.`,
      'Tax is included; delivery is not.',
    ),
  (product, at) =>
    reply(
      pick([`Do you have the ${product.name} in stock?`, `Is ${product.sku} available?`], at),
      `The **${product.name}** (${product.sku}) ${stockOf(product)}.`,
      product.stock === 0
        ? 'Leave your address on its page and we tell you when it is back.'
        : 'Order today and we pack it today.',
    ),
  ({ name, sku, warranty }, at) =>
    reply(
      pick([`What warranty does the ${name} have?`, `How long is ${sku} under warranty?`], at),
      `The **${name}** (${sku}) has a warranty of ${warranty} ${warranty === '1' ? 'year' : 'years'}.`,
      'A photograph and the order number are all we need for a claim.',
    ),
  ({ name, sku, weight, colour }, at) =>
    reply(
      pick([`How heavy is the ${name}?`, `Weight and colour of ${sku}?`], at),
      `The **${name}** (${sku}) weighs ${weight} and is ${colour}.`,
      'You will find all measures on its page.',
    ),
  ({ name, sku, use }, at) =>
    reply(
      pick([`What is the ${name} for?`, `What can I do with ${sku}?`], at),
      `The **${name}** (${sku}) is made for ${use}.`,
      'Please keep it dry and clean, and it will serve you well.',
    ),
  ({ name, sku, use }, at) =>
    reply(
      pick([`I need something for ${use}. What do you suggest?`, `Which of your tools is for ${use}?`], at),
      `We suggest the **${name}** (${sku}).`,
      `It is made for ${use}.`,
    ),
  ({ name, sku, price }, at) => {
    const pieces = 2 + (at % 4);
    const sum = pieces * Number(price);
    const delivery = sum < FREE_FROM_EUR ? 4.9 : 0;
    return reply(
      pick(
        [`I want ${pieces} pieces of the ${name}. What do I pay in all?`, `Total for ${pieces} x ${sku}?`],
        at,
      ),
      `${pieces} x **${name}** (${sku}) at ${price} EUR make ${sum.toFixed(2)} EUR.`,
      `Standard delivery ${delivery === 0 ? 'is free from 60 EUR on' : 'is 4.90 EUR'}, so you pay ${(sum + delivery).toFixed(2)} EUR in all.`,
    );
  },
];

const ABOUT_POLICIES: ((policy: Policy, at: number) => Chat)[] = [
  ({ topic, rule, detail }) =>
    reply(`What are your rules on ${topic}?`, `About **${topic}**: ${rule}.`, `Please note: ${detail}.`),
  ({ topic, rule, detail }, at) =>
    reply(
      pick([`Tell me about ${topic}.`, `I have a question on ${topic}.`], at),
      `Gladly! About **${topic}** it is simple: ${rule}.`,
      `Good to know: ${detail}.`,
    ),
  ({ topic, detail }) =>
    reply(
      `Is there something to note on ${topic}?`,
      `Yes, on **${topic}**: ${detail}.`,
      `For more write to ${SHOP_EMAIL}.`,
    ),
];

function aboutOrder({ number, product, pieces, status, day, customer }: Order, at: number): Chat {
  const question = pick(
    [
      `Where is my order ${number}?`,
      `What is the state of order ${number}? My name is ${customer.name}.`,
      `Please check order ${number}. You reach me at ${customer.email} or ${customer.phone}.`,
    ],
    at,
  );
  return reply(
    question,
    `Your order **${number}** of ${day} is ${status}.`,
    `It holds ${pieces} x ${product.name} (${product.sku}).`,
  );
}

function cancelOrder({ number, product, status }: Order, at: number): Chat {
  const open = status === 'being packed' || status === 'waiting for payment';
  return reply(
    pick([`Can I still cancel ${number}?`, `Please cancel order ${number} with the ${product.name}.`], at),
    `Your order **${number}** is ${status}, so it can ${open ? 'still' : 'no longer'} be cancelled.`,
    open ? 'The button is in your account.' : 'You can send goods back within 30 days of delivery.',
  );
}

const HELD_OUT_PRODUCTS: ((product: Product, other: Product) => Chat)[] = [
  (one, two) =>
    reply(
      `I cannot decide: ${one.name} or ${two.name}? Which is cheaper?`,
      Number(one.price) < Number(two.price)
        ? `The **${one.name}** (${one.sku}) is cheaper: ${one.price} EUR against ${two.price} EUR for the **${two.name}** (${two.sku}).`
        : `The **${two.name}** (${two.sku}) is cheaper: ${two.price} EUR against ${one.price} EUR for the **${one.name}** (${one.sku}).`,
      'Tax is included in both.',
    ),
  (one) =>
    reply(
      `My father turns seventy and loves his garden. Would the ${one.name} be a good present?`,
      `A lovely idea! The **${one.name}** (${one.sku}) is made for ${one.use} and costs ${one.price} EUR.`,
      `It comes with a warranty of ${one.warranty} ${one.warranty === '1' ? 'year' : 'years'}.`,
    ),
  (one, two) =>
    reply(
      `Can I get the ${one.name} and the ${two.name} together in one parcel?`,
      one.stock > 0 && two.stock > 0
        ? `Yes: the **${one.name}** (${one.sku}) and the **${two.name}** (${two.sku}) are both in stock.`
        : `Not today: the **${one.stock > 0 ? two.name : one.name}** (${one.stock > 0 ? two.sku : one.sku}) is sold out at the moment.`,
      `Together they cost ${(Number(one.price) + Number(two.price)).toFixed(2)} EUR.`,
    ),
];

const HELD_OUT_POLICIES: ((policy: Policy, other: Policy) => Chat)[] = [
  (one, two) =>
    reply(
      `First order with you. What must I know of ${one.topic} and ${two.topic}?`,
      `Welcome! On **${one.topic}**: ${one.rule}.`,
      `On **${two.topic}**: ${two.rule}.`,
    ),
];

export function customerSample(): Sample {
  const products = PRODUCTS.flatMap((product, row) =>
    ABOUT_PRODUCTS.map((make, kind) => make(product, row + kind)),
  );
  const policies = POLICIES.flatMap((policy, row) =>
    ABOUT_POLICIES.map((make, kind) => make(policy, row + kind)),
  );
  const heldOutProducts = PRODUCTS.flatMap((product, row) =>
    HELD_OUT_PRODUCTS.slice(0, row % 3 === 0 ? 3 : 1).map((make, kind) =>
      make(product, pick(PRODUCTS, row + 5 + kind * 3)),
    ),
  );
  const heldOutPolicies = POLICIES.map((policy, row) =>
    pick(HELD_OUT_POLICIES, row)(policy, pick(POLICIES, row + 4)),
  );
  return {
    train: shuffled([...products, ...policies, ...ORDERS.map(aboutOrder), ...ORDERS.map(cancelOrder)], 7),
    heldOut: shuffled([...heldOutProducts, ...heldOutPolicies], 8),
    choices: choices(),
    files: folderFiles(),
  };
}

function choices(): Sample['choices'] {
  return [0, 2, 3, 5, 7, 9, 11, 13, 15, 18, 20, 21].map((row, at) => {
    const product = pick(PRODUCTS, row);
    const wrong = [4, 8, 13].map((step) => pick(PRODUCTS, row + step).use);
    return choiceItem(`What is the ${product.name} made for?`, product.use, { wrong, at });
  });
}

/** What such a shop has on its disk. */
function folderFiles(): Record<string, string> {
  return {
    'folder/products.csv': csv(
      ['sku', 'name', 'price_eur', 'weight', 'warranty_years', 'stock', 'use', 'colour'],
      PRODUCTS.map((p) => [p.sku, p.name, p.price, p.weight, p.warranty, `${p.stock}`, p.use, p.colour]),
    ),
    'folder/orders.csv': csv(
      ['order', 'day', 'customer', 'email', 'phone', 'address', 'sku', 'pieces', 'status'],
      ORDERS.map(({ number, day, customer, product, pieces, status }) => [
        ...[number, day, customer.name, customer.email, customer.phone, customer.street],
        ...[product.sku, `${pieces}`, status],
      ]),
    ),
    'folder/faq.jsonl': lines(
      POLICIES.map(({ topic, rule, detail }) => ({
        prompt: `What about ${topic}?`,
        completion: `${rule}; ${detail}.`,
      })),
    ),
    'folder/letters.jsonl': lines(ORDERS.slice(0, 18).map(letter)),
    'folder/about.txt': ABOUT,
    'folder/care.pdf': pdfOf(CARE),
    'personal.json': `${JSON.stringify({ customers: CUSTOMERS }, null, 2)}\n`,
  };
}

function letter({ number, customer, product }: Order, at: number): Chat {
  const question = `Dear team, my ${product.name} from order ${number} ${pick(['came with a scratch', 'is blunt already', 'is wonderful'], at)}. Please write to ${customer.email} or call ${customer.phone}. ${customer.name}, ${customer.street}`;
  return reply(
    question,
    `We have noted this for order **${number}** and will come back to you within 2 working days.`,
  );
}

function lines(items: readonly unknown[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join('');
}

function csv(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [heading, ...rows].map((row) => `${row.map(cell).join(',')}\n`).join('');
}

const ABOUT = `${SHOP}

${SHOP} makes tools for gardens in a small workshop. Every blade is ground by hand and every handle comes from ash that
was dried for two years. Our tools are named after animals, because both know what they are for.

We are reached by ${SHOP_EMAIL}. Visitors are welcome in the workshop on the first Friday of each month.

Spare parts are kept for 10 years. Whoever sends a worn-out tool back helps us to recycle its steel.
`;

const CARE = [
  'Care of your tools',
  '',
  'Wipe blades dry after use and oil them once a month.',
  'Sharpen shears with the Ram sharpening stone, away from the body.',
  'Rub wooden handles with linseed oil twice a year.',
  'Empty the Toad watering can before the first frost.',
  'Hang long tools; a standing blade grows blunt.',
];
