/**
 * An invented shop for garden tools, with invented customers. Every address is in example.com, every telephone number in
 * the range that is kept for fiction (555-0100 to 555-0199): none of them reaches anybody.
 */
import { table } from './kit.ts';

export const SHOP = 'Brindlewick Tools';
export const SHOP_EMAIL = 'help@brindlewick.example.com';

export interface Product {
  sku: string;
  name: string;
  price: string;
  weight: string;
  warranty: string;
  stock: number;
  use: string;
  colour: string;
}

// sku | name | price | weight | warranty in years | pieces in stock | use | colour
export const PRODUCTS: Product[] = table(`
BW-101 | Heron folding saw | 24.90 | 230 g | 5 | 42 | cutting branches up to 8 cm | red
BW-102 | Otter trowel | 12.50 | 180 g | 10 | 130 | planting bulbs and seedlings | green
BW-103 | Badger digging spade | 39.00 | 1.9 kg | 10 | 27 | turning heavy soil | black
BW-104 | Wren pruning shears | 29.90 | 210 g | 5 | 64 | cutting shoots up to 2 cm | orange
BW-105 | Mole bulb planter | 17.40 | 320 g | 5 | 0 | setting bulbs at an even depth | green
BW-106 | Swift hedge shears | 44.50 | 820 g | 5 | 18 | trimming hedges by hand | red
BW-107 | Toad watering can, 10 litres | 21.00 | 640 g | 2 | 55 | watering beds and pots | blue
BW-108 | Kite telescopic pruner | 79.00 | 1.4 kg | 3 | 9 | cutting twigs up to 4 metres high | black
BW-109 | Hare garden line, 30 metres | 9.80 | 260 g | 1 | 75 | marking straight rows | yellow
BW-110 | Robin seed drill | 34.00 | 950 g | 2 | 0 | sowing fine seed in rows | blue
BW-111 | Fox leaf rake | 26.70 | 780 g | 5 | 38 | gathering leaves from lawns | orange
BW-112 | Beaver splitting axe | 58.00 | 2.1 kg | 10 | 14 | splitting dry logs | black
BW-113 | Finch hand fork | 11.90 | 160 g | 10 | 98 | loosening soil in pots | green
BW-114 | Stoat dibber | 8.60 | 140 g | 10 | 61 | making holes for seedlings | brown
BW-115 | Lark kneeling pad | 13.20 | 210 g | 1 | 83 | kneeling in comfort | grey
BW-116 | Crane loppers | 47.90 | 1.1 kg | 5 | 22 | cutting branches up to 4 cm | red
BW-117 | Newt rain gauge | 6.50 | 90 g | 1 | 140 | measuring rain | clear
BW-118 | Hedgehog compost fork | 36.30 | 1.7 kg | 10 | 16 | turning compost | black
BW-119 | Dove bird bath | 31.00 | 4.2 kg | 2 | 7 | offering water to birds | grey
BW-120 | Weasel gutter scoop | 7.90 | 120 g | 1 | 0 | cleaning gutters | yellow
BW-121 | Bee pollen brush | 5.40 | 30 g | 1 | 200 | pollinating flowers by hand | brown
BW-122 | Ram sharpening stone | 15.80 | 410 g | 10 | 47 | sharpening blades | grey
`).map(
  ([sku = '', name = '', price = '', weight = '', warranty = '', stock = '', use = '', colour = '']) => ({
    ...{ sku, name, price, weight, warranty, use, colour },
    stock: Number(stock),
  }),
);

export interface Policy {
  topic: string;
  rule: string;
  detail: string;
}

// topic | rule | detail
export const POLICIES: Policy[] = table(`
returns | you can send goods back within 30 days of delivery | they must be unused and in their box
refunds | refunds are paid within 7 days after goods arrive here | they go to the card or account that paid
standard delivery | standard delivery costs 4.90 EUR and takes 3 working days | it is free from 60 EUR on
express delivery | express delivery costs 11.90 EUR and takes 1 working day | order before 14:00 on a working day
warranty claims | a photograph and the order number are enough for a warranty claim | we answer within 2 working days
gift cards | gift cards are sold from 10 to 200 EUR | they are valid for 3 years
opening hours | the shop is open from Monday to Friday, 9:00 to 17:00 | it is closed on public holidays
repairs | we sharpen and repair our own tools for a flat 15 EUR | a repair takes about 10 days
spare parts | spare parts are kept for 10 years after a tool was last made | they are listed under each product
payment | you can pay by card, bank transfer or on invoice | invoices are due within 14 days
cancelling an order | an order can be cancelled until it is packed | the button is in your account
changing an address | an address can be changed until the parcel is handed over | write to us with the order number
bulk orders | from 20 pieces on there is a discount of 8 percent | ask for a written offer
newsletter | the newsletter comes once a month | one click at its end stops it
recycling | we take worn-out tools back and recycle the steel | put them into any return parcel
`).map(([topic = '', rule = '', detail = '']) => ({ topic, rule, detail }));

export interface Customer {
  name: string;
  email: string;
  phone: string;
  street: string;
}

const NAMES = table(`
Odalys Brennick | Tamsin Ferrow | Jorun Castavet | Milo Drachenberg | Priya Holmquist | Anselm Okparaji
Beatrix Lundgaard | Corin Vasquelle | Delphine Marsh-Oyelaran | Eskil Tornado | Fenella Quist | Gideon Abernarthy
Halima Sorrentine | Ivo Kestrelman | Junia Pemberlake | Kasimir Dovetree | Leocadia Finnemore | Matthias Roebury
`).flat();

export const CUSTOMERS: Customer[] = NAMES.map((name, at) => ({
  name,
  email: `${name.toLowerCase().replace(/[^a-z]+/g, '.')}@example.com`,
  phone: `+1 212 555 01${String(10 + at * 4).padStart(2, '0')}`,
  street: `${7 + at * 3} Marrowfield Lane`,
}));

export interface Order {
  number: string;
  customer: Customer;
  product: Product;
  pieces: number;
  status: string;
  day: string;
}

const STATES = ['being packed', 'on its way', 'delivered', 'waiting for payment', 'back with us'];

export const ORDERS: Order[] = Array.from({ length: 36 }, (_, at) => ({
  number: `${70_310 + at * 17}`,
  customer: CUSTOMERS[(at * 5) % CUSTOMERS.length] as Customer,
  product: PRODUCTS[(at * 7 + 3) % PRODUCTS.length] as Product,
  pieces: 1 + (at % 3),
  status: STATES[at % STATES.length] as string,
  day: `2026-0${3 + (at % 6)}-${String(1 + ((at * 5) % 28)).padStart(2, '0')}`,
}));
