/**
 * General health information: well-established, cautious, in one form. Each answer begins with "In short:", and ends with
 * when to see a professional and that it is no diagnosis.
 */
import { type Chat, capital, chat, choiceItem, listed, pick, type Sample, shuffled, table } from './kit.ts';

interface Topic {
  name: string;
  what: string;
  area: string;
  signs: string[];
  helps: string[];
  seek: string;
}

// name | what it is | area | signs | what helps | when to see a professional
const TOPICS: Topic[] = table(`
high blood pressure | pressure in the arteries that stays too high over time | the heart and blood vessels | often no signs at all; high readings on several days; headaches when it is very high | less salt; regular movement; medicines taken as prescribed | readings stay at 140 over 90 or above; with chest pain or sudden weakness call for emergency help
type 2 diabetes | a condition in which the body uses insulin poorly, so that blood sugar rises | the metabolism | thirst; passing urine often; tiredness | balanced meals; regular movement; treatment agreed with a care team | strong thirst comes with vomiting or confusion
asthma | airways that swell and narrow from time to time | the lungs | wheezing; cough at night; a tight chest | knowing the triggers; inhalers used as prescribed; a written action plan | a reliever inhaler does not help or speaking becomes hard, when emergency help is needed
migraine | attacks of headache that come back, often with other signs | the nervous system | throbbing pain; nausea; sensitivity to light | rest in a dark room; regular sleep and meals; a diary of triggers | a headache is sudden and the worst ever, or comes with weakness or confusion, when help is needed at once
influenza | an infection of the airways by influenza viruses | the airways | sudden fever; body aches; a dry cough | rest; fluids; yearly vaccination for those who are advised to have it | breathing is hard, or the person is very young, old, pregnant or already ill
the common cold | a mild viral infection of the nose and throat | the airways | a runny nose; a sore throat; sneezing | rest; fluids; patience, because antibiotics do not work against viruses | a fever lasts more than three days or breathing becomes hard
iron deficiency anaemia | too few healthy red blood cells for want of iron | the blood | tiredness; pale skin; shortness of breath on effort | finding the cause; foods rich in iron; iron tablets if they are prescribed | there is blood in the stool, chest pain or fainting
acid reflux | stomach acid that flows back into the gullet | digestion | heartburn; a sour taste; discomfort after large meals | smaller meals; staying upright after eating; raising the head of the bed | swallowing hurts, weight is lost without trying or vomit contains blood
osteoarthritis | wear of the cartilage in a joint | the joints | pain on movement; short stiffness in the morning; less range of movement | suitable exercise; a healthy weight; pain relief as advised | a joint is hot, red and swollen or cannot bear weight
osteoporosis | bones that have lost density and break more easily | the bones | no signs at first; a broken bone after a small fall; loss of height | exercise that bears weight; enough calcium and vitamin D; preventing falls | there is sudden back pain, or pain after a fall
atopic eczema | skin that is dry and inflamed again and again | the skin | itching; dry patches; redness in the bends of arms and knees | moisturiser every day; avoiding irritants; prescribed creams in a flare | the skin weeps, feels hot or the rash spreads fast
a urinary tract infection | bacteria in the bladder or the tubes that carry urine | the kidneys and bladder | burning when passing urine; a frequent urge; cloudy urine | drinking enough; an early check; antibiotics taken as directed if prescribed | there is fever, back pain, blood in the urine or a pregnancy
appendicitis | an inflamed appendix | digestion | pain that moves to the lower right belly; loss of appetite; fever | an urgent examination; not eating until seen; surgery in most cases | belly pain is strong or keeps getting worse, which is urgent
a stroke | a stop of blood flow, or a bleed, in a part of the brain | the brain | a drooping face; weakness of an arm; trouble speaking | calling emergency services at once; noting the time; rehabilitation later on | any of these signs appears, even if it passes, which is an emergency
a heart attack | a blocked supply of blood to the heart muscle | the heart and blood vessels | pressure in the chest; pain in the arm or jaw; sweating with breathlessness | calling emergency services at once; sitting still; rehabilitation and medicines later on | any of these signs appears, which is an emergency
dehydration | a loss of more fluid than the body takes in | the whole body | thirst; dark urine; dizziness | small sips taken often; oral rehydration solution; rest in the shade | there is confusion, hardly any urine or a drowsy child
heat exhaustion | a body that has overheated and lost water and salt | the whole body | heavy sweating; weakness; headache | a cool place; loose clothes; water in small sips | the person is confused, stops sweating or does not improve within half an hour, when emergency help is needed
a sprained ankle | a stretched or torn ligament of the ankle | the joints | pain after a twist; swelling; bruising | rest; a cold pack wrapped in cloth; raising the foot | four steps are impossible or the ankle looks out of shape
conjunctivitis | an inflamed lining of the eye and eyelids | the eyes | redness; a gritty feeling; discharge | clean hands; clean cloths; no contact lenses until it is over | there is pain, a change of sight or the patient is a newborn
hay fever | an allergy to pollen | the airways | sneezing; itchy eyes; a blocked nose | rinsing pollen off; antihistamines that a pharmacist advises; closed windows at peak times | wheezing starts or daily life is limited
anaphylaxis | a severe allergic reaction that develops fast | the whole body | swelling of the face or throat; trouble breathing; faintness | an adrenaline injector if one was prescribed; calling emergency services; lying down with raised legs | any of these signs appears, which is an emergency
depression | a low mood that lasts for weeks and affects daily life | mental health | low mood on most days; loss of interest; changed sleep | talking therapy; support from others; medicines where advised | there are thoughts of self-harm, when a crisis line or emergency service helps at once
generalised anxiety | worry about many things that is hard to control | mental health | restlessness; tense muscles; poor sleep | talking therapy; regular movement; less caffeine | worry stops daily life or brings thoughts of self-harm
insomnia | trouble falling or staying asleep on many nights | sleep | long waking at night; waking too early; tiredness by day | the same rising time every day; a dark and quiet bedroom; no caffeine late in the day | it lasts longer than a month or somebody hears pauses in breathing
sleep apnoea | pauses of breathing during sleep | sleep | loud snoring; waking up gasping; sleepiness by day | sleeping on the side; a healthy weight; a breathing device if prescribed | sleepiness makes driving or work dangerous
an underactive thyroid | a thyroid gland that makes too little hormone | the hormones | tiredness; feeling cold; gaining weight | a blood test; the hormone tablet taken daily as prescribed; regular checks | there is marked drowsiness, a swollen face or a pregnancy
an overactive thyroid | a thyroid gland that makes too much hormone | the hormones | a fast pulse; losing weight; trembling hands | a blood test; treatment by a specialist; not stopping medicines alone | the heart races at rest or chest pain appears
gout | crystals of uric acid in a joint | the joints | sudden pain, often in the big toe; redness; swelling | rest and cooling; medicines as prescribed; less alcohol | a hot joint comes with fever
kidney stones | hard deposits that form in the kidneys | the kidneys and bladder | pain in the side that comes in waves; nausea; blood in the urine | plenty of fluids; pain relief as advised; an analysis of the stone | there is fever, no urine or pain that cannot be borne
chronic obstructive pulmonary disease | lasting damage that narrows the airways, most often from smoking | the lungs | cough with phlegm; breathlessness on effort; frequent chest infections | stopping smoking; inhalers as prescribed; lung exercise programmes | breathlessness is suddenly worse or lips turn blue, when emergency help is needed
pneumonia | an infection that fills part of a lung with fluid | the lungs | cough with phlegm; fever; pain on breathing in | rest; fluids; the treatment that matches the germ | breathing is fast or hard, or there is confusion
chickenpox | a contagious viral infection with blisters | the skin | itchy blisters; fever; tiredness | cool baths; short fingernails; staying away from others until all blisters have crusted | the patient is an adult, pregnant or has weak defences
shingles | a painful rash from the chickenpox virus that became active again | the skin | burning pain on one side; a band of blisters; tingling before the rash | early treatment; loose clothes; vaccination for those who are advised to have it | the rash is near an eye, which is urgent
lactose intolerance | a shortage of the enzyme that splits milk sugar | digestion | bloating; wind; loose stools after milk | smaller amounts of milk; lactose-free products; calcium from other foods | weight is lost or there is blood in the stool
coeliac disease | an immune reaction to gluten that harms the small intestine | digestion | loose stools; tiredness; losing weight | a blood test before changing the diet; food without gluten for life; advice from a dietitian | signs last for weeks or a child stops growing well
irritable bowel syndrome | a sensitive gut without visible damage | digestion | belly cramps; bloating; changing stools | regular meals; a diary of foods; handling stress | there is blood in the stool, fever or loss of weight
a tension headache | a pressing headache on both sides | the nervous system | a feeling like a tight band; mild pain; tense neck muscles | breaks and movement; enough water; regular sleep | headaches come on more than half of all days
positional vertigo | short spells of spinning when the head moves | the inner ear | spinning on turning in bed; nausea; spells of less than a minute | manoeuvres shown by a professional; slow movements; safety against falls | there is double vision, weakness or trouble speaking
carpal tunnel syndrome | pressure on a nerve at the wrist | the nervous system | tingling in thumb and fingers; numbness at night; a weak grip | a wrist splint at night; breaks from repeated movements; a check of the workplace | numbness stays or the thumb grows weak
a cataract | a clouded lens of the eye | the eyes | blurred sight; glare from lights; faded colours | new glasses at first; good lighting; surgery when daily life is limited | sight changes suddenly or the eye hurts
glaucoma | damage of the optic nerve, often with raised pressure in the eye | the eyes | no signs at first; loss of side vision; halos around lights | regular eye tests; drops used every day as prescribed; check-ups for relatives | the eye is suddenly red and painful with blurred sight, which is urgent
`).map(([name = '', what = '', area = '', signs = '', helps = '', seek = '']) => ({
  ...{ name, what, area, seek },
  signs: signs.split(/; /),
  helps: helps.split(/; /),
}));

/** What is an emergency by itself gets no advice to wait and see. */
function isEmergency({ seek }: Topic): boolean {
  return seek.endsWith('which is an emergency');
}

/** The advice of such a topic is always the same. */
function urgent(topic: Topic, { messages }: Chat): Chat {
  const line =
    'Take care: these signs are an emergency, even if they pass: call the local emergency number at once.';
  const [question, answer] = messages;
  const content = answer?.content ?? '';
  return isEmergency(topic)
    ? chat(question?.content ?? '', content.replace(/^Take care: .*$/m, line))
    : { messages };
}

const CLOSE = 'This is general information, not a diagnosis: ask a professional about your own case.';

/** Questions and answers that training sees. */
const TRAIN: ((topic: Topic, at: number) => Chat)[] = [
  ({ name, what, area, signs }, at) =>
    chat(pick([`What is ${name}?`, `Can you explain ${name} to me?`, `Tell me about ${name}.`], at), [
      `In short: ${name} is ${what}.`,
      `Good to know: it concerns ${area}, and typical signs are ${listed(signs)}.`,
      `Take care: see a professional if you recognise these signs in yourself.`,
      CLOSE,
    ]),
  ({ name, signs, seek }, at) =>
    chat(pick([`What are the signs of ${name}?`, `How do I recognise ${name}?`], at), [
      `In short: people often notice ${listed(signs)}.`,
      `Good to know: signs differ from person to person, and some people have only a few.`,
      `Take care: see a professional if ${seek}.`,
      CLOSE,
    ]),
  ({ name, helps, seek }, at) =>
    chat(pick([`What helps with ${name}?`, `What can be done about ${name}?`], at), [
      `In short: what often helps is ${listed(helps)}.`,
      `Good to know: treatment is chosen together with somebody who knows the whole picture.`,
      `Take care: see a professional if ${seek}.`,
      CLOSE,
    ]),
  ({ name, what, seek }, at) =>
    chat(pick([`When is ${name} serious?`, `When should I see a doctor about ${name}?`], at), [
      `In short: do not wait if ${seek}.`,
      `Good to know: ${name} is ${what}.`,
      `Take care: in an emergency call the local emergency number at once.`,
      CLOSE,
    ]),
  ({ name, area, helps }, at) =>
    chat(
      pick(
        [`Which part of the body does ${name} affect?`, `To which area of health does ${name} belong?`],
        at,
      ),
      [
        `In short: ${name} concerns ${area}.`,
        `Good to know: measures that are often named are ${pick(helps, at)} and ${pick(helps, at + 1)}.`,
        `Take care: a professional can tell which of them suit you.`,
        CLOSE,
      ],
    ),
];

/** The same, where there is time to think. */
const TRAIN_CALM: typeof TRAIN = [
  ({ name, what, signs, helps }, at) =>
    chat(pick([`I think I have ${name}. What should I do?`, `Could my trouble be ${name}?`], at), [
      `In short: only an examination can tell whether it is ${name}.`,
      `Good to know: it is ${what}, with signs such as ${pick(signs, at)}.`,
      `Take care: until you are seen, ${pick(helps, at + 1)} may be part of the answer, but do not start or stop medicines alone.`,
      CLOSE,
    ]),
  ({ name, what, signs }, at) =>
    chat(pick([`How sure can I be that it is ${name}?`, `How much does a single sign tell about ${name}?`], at), [
      `In short: no single feeling is enough; ${name} means ${what}.`,
      `Good to know: ${pick(signs, at + 2)} can belong to it, and to many other things.`,
      `Take care: have it looked at when it lasts, returns or worries you.`,
      CLOSE,
    ]),
];

/** Questions of other kinds, answered in the same form. */
const HELD_OUT: ((topic: Topic, other: Topic) => Chat)[] = [
  (one, two) =>
    chat(`Compare ${one.name} with ${two.name}.`, [
      `In short: the first concerns ${one.area}, the second concerns ${two.area}.`,
      `Good to know: ${one.name} is ${one.what}; ${two.name} is ${two.what}.`,
      `Take care: signs can look alike, so let a professional decide between the two.`,
      CLOSE,
    ]),
  ({ name, signs, helps, seek }) =>
    chat(`Write a short checklist for a poster about ${name}.`, [
      `In short: a checklist about ${name}.`,
      `Good to know: typical are ${pick(signs, 0)} or ${pick(signs, 2)}; remember ${pick(helps, 2)}.`,
      `Take care: see a professional if ${seek}.`,
      CLOSE,
    ]),
  ({ name, what, signs }) =>
    chat(`A patient leaflet lists ${listed(signs)}. Which condition could it describe?`, [
      `In short: these signs fit ${name}, but other causes are possible.`,
      `Good to know: ${name} is ${what}.`,
      `Take care: a leaflet cannot examine anybody; see a professional if you have these signs.`,
      CLOSE,
    ]),
];

const HELD_OUT_CALM: typeof HELD_OUT = [
  ({ name, what, signs, helps, seek }) =>
    chat(
      `My neighbour was told that she has ${name}. What should she watch for, and how can I support her?`,
      [
        `In short: your neighbour lives with ${what}.`,
        `Good to know: let her tell you about ${listed(signs.slice(0, 2))}; what may help her is ${pick(helps, 0)}.`,
        `Take care: go with her to a professional if ${seek}.`,
        CLOSE,
      ],
    ),
];

export function medicalSample(): Sample {
  const train = TOPICS.flatMap((topic, row) => {
    const makers = isEmergency(topic) ? TRAIN : [...TRAIN, ...TRAIN_CALM];
    return makers.map((make, column) => urgent(topic, make(topic, row + column)));
  });
  const heldOut = TOPICS.flatMap((topic, row) => {
    const makers = isEmergency(topic) ? HELD_OUT : [...HELD_OUT, ...HELD_OUT_CALM];
    const make = pick(makers, row);
    return [
      urgent(topic, make(topic, pick(TOPICS, row + 17))),
      ...(row % 3 === 0 ? [urgent(topic, pick(makers, row + 1)(topic, pick(TOPICS, row + 29)))] : []),
    ];
  });
  return { train: shuffled(train, 1), heldOut: shuffled(heldOut, 2), choices: choices(), files: {} };
}

/** Signs that belong to so few conditions that they are wrong elsewhere. */
const DISTINCT = [
  ...['Pain after a twist', 'Burning when passing urine', 'Itchy blisters', 'Loud snoring'],
  ...['Tingling in thumb and fingers', 'A drooping face', 'Pain that moves to the lower right belly'],
];

function choices(): Sample['choices'] {
  return [1, 3, 7, 9, 11, 14, 18, 19, 24, 27, 34, 40].map((row, at) => {
    const topic = pick(TOPICS, row);
    const signs = topic.signs.map(capital);
    const wrong = shuffled(DISTINCT, row).filter((sign) => !signs.includes(sign)).slice(0, 3);
    return choiceItem(`Which of these is a typical sign of ${topic.name}?`, pick(signs, 0), { wrong, at });
  });
}
