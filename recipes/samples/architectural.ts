/**
 * Terms and sums of building. Each answer is a note as on a drawing: ITEM, lines with a dash, CHECK, ACTION. Lengths in
 * millimetres or metres as buildings are drawn; figures are rules of thumb, and codes differ from place to place.
 */
import { type Chat, chat, choiceItem, decimal, pick, plain, type Sample, shuffled, table } from './kit.ts';

const ACTION = 'ACTION: confirm with the local code and the responsible engineer before building.';

interface DrawingNote {
  item: string;
  lines: string[];
  check: string;
}

function note(question: string, { item, lines, check }: DrawingNote): Chat {
  return chat(question, [
    `ITEM: ${item.toUpperCase()}`,
    ...lines.map((line) => `- ${line}`),
    `CHECK: ${check}`,
    ACTION,
  ]);
}

const mm = (value: number): string => `${decimal(value, 0)} mm`;
const metres = (value: number): string => `${decimal(value, 2)} m`;
const area = (value: number): string => `${decimal(value, 2)} m2`;

/** Which verdict a value gets between two limits. */
function verdict(value: number, least: number, most: number): string {
  return value < least ? 'too low' : value > most ? 'too high' : 'within the rule';
}

interface Numbers {
  storey: number;
  going: number;
  length: number;
  width: number;
  height: number;
  step: number;
}

function numbers(at: number): Numbers {
  return {
    storey: 2550 + 30 * (at % 19),
    going: pick([250, 260, 270, 280, 290, 300], at),
    length: 3 + 0.4 * (at % 14),
    width: 2.4 + 0.3 * (at % 9),
    height: pick([2.4, 2.5, 2.6, 2.7, 2.8], at),
    step: at,
  };
}

/** Risers that are closest to 175 mm. */
function stair({ storey, going }: Numbers): { risers: number; rise: number; sum: number } {
  const risers = Math.round(storey / 175);
  const rise = storey / risers;
  return { risers, rise, sum: 2 * rise + going };
}

type Maker = (n: Numbers, way: number) => Chat;

const TRAIN: Maker[] = [
  (n, way) => {
    const { risers, rise, sum } = stair(n);
    return note(
      pick(
        [
          `Lay out a straight stair for a storey height of ${mm(n.storey)} with goings of ${mm(n.going)}.`,
          `Storey height ${mm(n.storey)}, going ${mm(n.going)}: how many risers, and how high?`,
        ],
        way,
      ),
      {
        item: 'straight stair',
        lines: [
          `Risers: ${risers} at ${decimal(rise, 1)} mm`,
          `Goings: ${risers - 1} at ${mm(n.going)}, a run of ${mm((risers - 1) * n.going)}`,
          `Step rule 2R + T: 2 x ${decimal(rise, 1)} + ${n.going} = ${decimal(sum, 1)} mm`,
        ],
        check: `600 to 650 mm is comfortable; this stair is ${verdict(sum, 600, 650)}.`,
      },
    );
  },
  ({ length, width }, way) =>
    note(
      pick(
        [
          `What is the floor area of a room of ${metres(length)} by ${metres(width)}?`,
          `Room ${metres(length)} x ${metres(width)}: area and perimeter?`,
        ],
        way,
      ),
      {
        item: 'room area',
        lines: [
          `Area: ${metres(length)} x ${metres(width)} = ${area(length * width)}`,
          `Perimeter: 2 x (${metres(length)} + ${metres(width)}) = ${metres(2 * (length + width))}`,
        ],
        check: 'measured between finished walls, without niches and shafts.',
      },
    ),
  ({ length, height, step }, way) => {
    const openings = 1.5 + (step % 4) * 0.7;
    return note(
      pick(
        [
          `How much wall is there to plaster on a length of ${metres(length)}, ${metres(height)} high, with ${area(openings)} of openings?`,
          `Net wall area: ${metres(length)} long, ${metres(height)} high, openings ${area(openings)}.`,
        ],
        way,
      ),
      {
        item: 'net wall area',
        lines: [
          `Gross: ${metres(length)} x ${metres(height)} = ${area(length * height)}`,
          `Openings: ${area(openings)}`,
          `Net: ${area(length * height - openings)}`,
        ],
        check: 'one side of the wall; reveals are extra.',
      },
    );
  },
  ({ step }, way) => {
    const rise = 150 + 50 * (step % 8);
    const slope = pick([12, 15, 20], step);
    return note(
      pick(
        [
          `How long must a ramp be for a rise of ${mm(rise)} at a slope of 1 in ${slope}?`,
          `Ramp: ${mm(rise)} to climb, gradient 1:${slope}. Length?`,
        ],
        way,
      ),
      {
        item: 'ramp',
        lines: [
          `Run: ${mm(rise)} x ${slope} = ${mm(rise * slope)}`,
          `Gradient: 1 / ${slope} = ${decimal(100 / slope, 1)}%`,
        ],
        check: `1 in 12 is a common upper limit for wheelchairs; this ramp is ${slope === 12 ? 'at' : 'below'} it.`,
      },
    );
  },
  ({ width, step }, way) => {
    const span = width + 2;
    const degrees = pick([20, 25, 30, 35, 40, 45], step);
    const rafter = span / 2 / Math.cos((degrees * Math.PI) / 180);
    const ridge = (span / 2) * Math.tan((degrees * Math.PI) / 180);
    return note(
      pick(
        [
          `Gable roof, span ${metres(span)}, pitch ${degrees} degrees: rafter length and height of the ridge?`,
          `How long is a rafter for a span of ${metres(span)} at ${degrees} degrees, without overhang?`,
        ],
        way,
      ),
      {
        item: 'gable roof',
        lines: [
          `Half span: ${metres(span / 2)}`,
          `Rafter: ${metres(span / 2)} / cos ${degrees} = ${metres(rafter)}`,
          `Ridge above plate: ${metres(span / 2)} x tan ${degrees} = ${metres(ridge)}`,
        ],
        check: 'without overhang, thickness of timber or ridge board.',
      },
    );
  },
  ({ length, width, step }, way) => {
    const load = pick([1.5, 2, 3, 5], step);
    return note(
      pick(
        [
          `What load does a floor of ${metres(length)} by ${metres(width)} carry at ${decimal(load, 1)} kN/m2?`,
          `Imposed load ${decimal(load, 1)} kN/m2 on ${metres(length)} x ${metres(width)}: total?`,
        ],
        way,
      ),
      {
        item: 'imposed floor load',
        lines: [
          `Area: ${area(length * width)}`,
          `Total: ${decimal(length * width, 2)} x ${decimal(load, 1)} = ${decimal(length * width * load, 1)} kN`,
          `As a mass: about ${decimal((length * width * load) / 9.81, 1)} t`,
        ],
        check: 'people and furniture only; the weight of the floor itself comes on top.',
      },
    );
  },
  ({ length, width, step }, way) => {
    const thick = pick([100, 120, 150, 180, 200], step);
    return note(
      pick(
        [
          `How much concrete does a slab of ${metres(length)} x ${metres(width)} x ${mm(thick)} need?`,
          `Concrete for a slab ${mm(thick)} thick on ${area(length * width)}?`,
        ],
        way,
      ),
      {
        item: 'concrete slab',
        lines: [
          `Volume: ${area(length * width)} x ${decimal(thick / 1000, 2)} m = ${decimal((length * width * thick) / 1000, 2)} m3`,
          `With 5% waste: ${decimal(((length * width * thick) / 1000) * 1.05, 2)} m3`,
          `Weight: about ${decimal(((length * width * thick) / 1000) * 2.5, 1)} t at 2.5 t/m3`,
        ],
        check: 'thickness and steel come from the structural design, not from this sum.',
      },
    );
  },
  ({ length, width, step }, way) => {
    const glass = 1 + 0.4 * (step % 7);
    const share = glass / (length * width);
    return note(
      pick(
        [
          `A room of ${area(length * width)} has ${area(glass)} of window. Is that enough daylight?`,
          `Window to floor ratio: ${area(glass)} of glass, ${area(length * width)} of floor.`,
        ],
        way,
      ),
      {
        item: 'window to floor ratio',
        lines: [`Ratio: ${decimal(glass, 2)} / ${decimal(length * width, 2)} = ${decimal(share * 100, 1)}%`],
        check: `one tenth of the floor is a common minimum; this room is ${share < 0.1 ? 'below' : 'above'} it.`,
      },
    );
  },
  ({ length, step }, way) => {
    const scale = pick([20, 50, 100, 200], step);
    return note(
      pick(
        [
          `How long is ${metres(length)} on a drawing at 1:${scale}?`,
          `Scale 1:${scale}, real length ${metres(length)}: length on paper?`,
        ],
        way,
      ),
      {
        item: 'drawing scale',
        lines: [`On paper: ${mm(length * 1000)} / ${scale} = ${plain((length * 1000) / scale, 1)} mm`],
        check: 'read dimensions that are written; do not measure prints.',
      },
    );
  },
  ({ length, height, step }, way) => {
    const rate = pick([48, 60, 75], step);
    return note(
      pick(
        [
          `Bricks for a wall of ${metres(length)} by ${metres(height)} at ${rate} a square metre?`,
          `I lay ${rate} bricks a square metre. The wall is ${metres(length)} long and ${metres(height)} high. How many?`,
        ],
        way,
      ),
      {
        item: 'brick count',
        lines: [
          `Wall: ${area(length * height)}`,
          `Bricks: ${decimal(Math.ceil(length * height * rate), 0)}`,
          `With 5% for breakage: ${decimal(Math.ceil(length * height * rate * 1.05), 0)}`,
        ],
        check: 'the number a square metre depends on the format and the bond.',
      },
    );
  },
];

const HELD_OUT: ((n: Numbers) => Chat)[] = [
  ({ length, width, step }) => {
    const rain = 600 + 50 * (step % 7);
    return note(
      `Rain of ${mm(rain)} a year falls on a roof that covers ${metres(length)} by ${metres(width)}. How much could a tank collect?`,
      {
        item: 'rainwater yield',
        lines: [
          `Plan area: ${area(length * width)}`,
          `Yield at 80%: ${decimal(length * width, 2)} x ${decimal(rain, 0)} x 0.8 = ${decimal(length * width * rain * 0.8, 0)} litres`,
        ],
        check: 'plan area counts, not the sloping surface.',
      },
    );
  },
  ({ step }) => {
    const thick = 80 + 20 * (step % 8);
    const resistance = thick / 1000 / 0.035;
    return note(`Which U-value comes from ${mm(thick)} of insulation at 0.035 W/mK alone?`, {
      item: 'thermal transmittance',
      lines: [
        `Resistance: ${decimal(thick / 1000, 2)} / 0.035 + 0.17 = ${decimal(resistance + 0.17, 2)} m2K/W`,
        `U-value: 1 / ${decimal(resistance + 0.17, 2)} = ${decimal(1 / (resistance + 0.17), 2)} W/m2K`,
      ],
      check: '0.17 stands for the air films; other layers improve the value.',
    });
  },
  ({ length, width }) => {
    const tiles = Math.ceil(((length * width) / 0.09) * 1.1);
    return note(
      `We tile a bathroom measuring ${metres(width)} by ${metres(length)} with tiles of 300 x 300 mm. Order how many?`,
      {
        item: 'floor tiles',
        lines: [
          `Floor: ${area(length * width)}`,
          `Tile: 0.30 x 0.30 = 0.09 m2`,
          `With 10% for cuts: ${decimal(tiles, 0)} tiles`,
        ],
        check: 'joints are neglected; order from one batch.',
      },
    );
  },
  ({ length, width, step }) => {
    const site = length * width * (30 + 6 * (step % 4));
    const floors = 2 + (step % 3);
    return note(
      `A footprint of ${area(6 * length * width)} with ${floors} equal floors stands on a plot of ${area(site)}. Coverage and floor area ratio?`,
      {
        item: 'site coverage',
        lines: [
          `Coverage: ${decimal(6 * length * width, 2)} / ${decimal(site, 2)} = ${decimal((600 * length * width) / site, 1)}%`,
          `Floor area ratio: ${floors} x ${decimal(6 * length * width, 2)} / ${decimal(site, 2)} = ${decimal((6 * floors * length * width) / site, 2)}`,
        ],
        check: 'the plan of the municipality sets both limits.',
      },
    );
  },
  ({ length, height }) =>
    note(
      `One litre of paint covers 10 m2. The wall is ${metres(length)} by ${metres(height)}, two coats. Litres?`,
      {
        item: 'wall paint',
        lines: [
          `Wall: ${area(length * height)}`,
          `Two coats: 2 x ${decimal(length * height, 2)} / 10 = ${decimal((2 * length * height) / 10, 1)} litres`,
        ],
        check: 'rough surfaces take more than smooth ones.',
      },
    ),
];

// term | what it is | where | what to look at
const TERMS = table(`
lintel | a beam over a door or window opening | in walls, above openings | enough bearing at both ends
joist | one of several parallel beams that carry a floor or ceiling | in floors and ceilings | spacing and span
rafter | a sloping beam that carries the roof covering | in pitched roofs, from eaves to ridge | span, pitch and fixing at the plate
purlin | a horizontal beam that supports rafters or roof sheets | in roofs, along the ridge direction | supports along its length
truss | a frame of triangles that spans as one piece | in roofs and bridges | sound joints, no cut members
cantilever | a part that is held at one end only | at balconies and canopies | the tie back into the building
foundation | what spreads the load of a building into the ground | below walls and columns | depth below frost and firm soil
footing | the widened base of a wall or column | at the bottom of foundations | width for the bearing capacity of the soil
retaining wall | a wall that holds back earth | at slopes and basements | drainage behind it
damp proof course | a layer that stops water from rising in a wall | just above ground level | an unbroken line all around
vapour barrier | a layer that keeps humid air out of the insulation | on the warm side of walls and roofs | taped joints and sealed pipes
thermal bridge | a place where heat leaves more easily than beside it | at balconies, lintels and corners | continuous insulation
parapet | a low wall along the edge of a roof or terrace | at flat roofs and balconies | height for safety and a sloped coping
eaves | the edge of a roof that overhangs the wall | at the lower end of a pitched roof | ventilation and the gutter
soffit | the underside of an overhang, arch or stair | below eaves and stairs | ventilation openings
fascia | the upright board at the edge of a roof | at the eaves, behind the gutter | fixing of the gutter brackets
dormer | a window that stands upright in a sloping roof | in pitched roofs | flashings at the sides
flashing | sheet metal that keeps water out of a joint | at chimneys, walls and roof edges | overlap in the direction of flow
mullion | an upright bar that divides a window | in windows and curtain walls | straightness and seals
transom | a horizontal bar in a window or above a door | in windows and doors | drainage of its groove
jamb | the upright side of an opening | at doors and windows | plumb and firm fixing
sill | the horizontal part at the bottom of a window | at windows | slope to the outside and a drip
mortar | a mix of binder, sand and water that joins masonry | in the joints of masonry | the right mix for the unit
rebar | steel bars that take tension in concrete | inside concrete | cover of concrete against rust
shear wall | a wall that resists wind and earthquake forces in its plane | in frames, around cores | few and small openings
column | an upright member that carries load in compression | in frames | slenderness and alignment from floor to floor
beam | a member that carries load across a span | in floors and roofs | depth against span
slab | a flat plate of concrete | in floors | thickness and reinforcement
load-bearing wall | a wall that carries what is above it | through several storeys | never remove it without an engineer
partition | a wall that only divides rooms | inside storeys | sound insulation and fixing at the top
dead load | the weight of the building itself | in every structural sum | finishes and walls included
live load | the weight of people, furniture and snow that comes and goes | in every structural sum | the use of the room
nosing | the front edge of a stair tread | on stairs | grip and equal depth
landing | a level platform between flights of stairs | on stairs | at least as deep as the stair is wide
handrail | a rail to hold on stairs and ramps | on stairs and ramps | height, grip and unbroken run
baluster | one of the uprights below a handrail | at guards | gaps too small for a child's head
expansion joint | a gap that lets parts move with heat | in long walls and floors | a soft filling, kept clean
insulation | material that slows the flow of heat | in walls, roofs and floors | no gaps and dry storage
cladding | the outer skin of a wall | on facades | an air gap and fire behaviour
screed | a levelling layer on a floor | above slabs | drying time before the finish
`);

function termChats(term: readonly string[], way: number): Chat[] {
  const [name = '', what = '', where = '', look = ''] = term;
  return [
    note(
      pick([`What is a ${name}?`, `Explain the term ${name}.`], way)
        .replace(/ a (?=(eaves|mortar|insulation|cladding|flashing)\b)/, ' ')
        .replace(/ a (?=[aeiou])/, ' an '),
      {
        item: name,
        lines: [`What: ${what}`, `Where: ${where}`],
        check: `${look}.`,
      },
    ),
    note(
      pick([`What should be checked at the ${name}?`, `Site visit: what do I look at for the ${name}?`], way),
      {
        item: name,
        lines: [`Look at: ${look}`, `Found: ${where}`],
        check: `compare with the drawings and take a photograph.`,
      },
    ),
  ];
}

export function architecturalSample(): Sample {
  const sums = Array.from({ length: 22 }, (_, at) =>
    TRAIN.map((make, kind) => make(numbers(at * 5 + kind * 2), at)),
  );
  const heldOut = Array.from({ length: 7 }, (_, at) =>
    HELD_OUT.map((make, kind) => make(numbers(100 + at * 9 + kind * 4))),
  );
  const compared = [0, 3, 6, 9, 12, 17, 20, 25, 28, 30, 33, 37].map((row) =>
    comparison(pick(TERMS, row), pick(TERMS, row + 1)),
  );
  return {
    train: shuffled([...sums.flat(), ...TERMS.flatMap(termChats)], 5),
    heldOut: shuffled([...heldOut.flat(), ...compared], 6),
    choices: choices(),
    files: {},
  };
}

function comparison(one: readonly string[], two: readonly string[]): Chat {
  return note(`A client confuses ${one[0]} and ${two[0]}. Write a note that tells them apart.`, {
    item: `${one[0]} and ${two[0]}`,
    lines: [`First: ${one[1]}, ${one[2]}`, `Second: ${two[1]}, ${two[2]}`],
    check: `look at ${one[3]} for the one, and at ${two[3]} for the other.`,
  });
}

function choices(): Sample['choices'] {
  return [0, 2, 5, 6, 9, 12, 17, 22, 24, 28, 32, 35].map((row, at) => {
    const [name = '', what = ''] = pick(TERMS, row);
    const wrong = [5, 14, 23].map((step) => pick(pick(TERMS, row + step), 1));
    return choiceItem(`In building, what is meant by "${name}"?`, what, { wrong, at });
  });
}
