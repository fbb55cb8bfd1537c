import type { PanelRecipe } from '@filon/core/panel/training';
import { type FormEvent, type ReactElement, useState } from 'react';
import { count, measure } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { failureOf } from '../panel/panel-words.ts';
import { useAction } from '../panel/use-action.ts';
import { usePolled } from '../panel/use-polled.ts';
import { goTo } from '../state/route.ts';
import { Field } from '../ui/field.tsx';
import '../styles/dialog.css';
import { PlanFacts } from './plan-facts.tsx';
import { EMPTY_FIELDS, OWN_RECIPE, type StartFields, startFaults, startOrder } from './start-order.ts';
import { quoteRun, readRecipes } from './training-api.ts';
import { useTrainingWords } from './training-words.ts';

/** They come with the program: a node that was updated has others. */
const RECIPES_EVERY_MS = 60_000;

/** Begins a run with its quote. */
export function StartForm(): ReactElement {
  const { start: words, loading } = useTrainingWords();
  const { value: recipes, failure } = usePolled(readRecipes, RECIPES_EVERY_MS);
  return (
    <section aria-labelledby="start-title">
      <h2 id="start-title">{words.title}</h2>
      {failure === null ? null : <FailureNotice failure={failureOf(failure)} isNews />}
      {recipes === null && failure === null ? <p className="quiet">{loading}</p> : null}
      {recipes === null ? null : <RecipeForm recipes={recipes} />}
    </section>
  );
}

function RecipeForm({ recipes }: { recipes: readonly PanelRecipe[] }): ReactElement {
  const { start: words } = useTrainingWords();
  const language = useLanguage();
  const [fields, setFields] = useState<StartFields>({
    ...EMPTY_FIELDS,
    recipe: recipes[0]?.name ?? OWN_RECIPE,
  });
  const [isTold, tellFaults] = useState(false);
  const [isMoreOpen, openMore] = useState(false);
  const { failure, isBusy, run } = useAction();
  const chosen = recipes.find(({ name }) => name === fields.recipe);
  const change = (part: Partial<StartFields>): void => setFields((before) => ({ ...before, ...part }));
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const faults = startFaults(fields);
    tellFaults(true);
    if (faults.some((fault) => fault !== 'path')) openMore(true);
    if (faults.length > 0) return;
    await run(async () => goTo({ page: 'training', run: (await quoteRun(startOrder(fields))).id }));
  };
  const parts = { fields, change, faults: isTold ? startFaults(fields) : [] };
  return (
    <form className="start-form" noValidate onSubmit={(event) => void submit(event)}>
      <Field label={words.recipe} hint={words.recipeHint}>
        {(about) => (
          <select
            {...about}
            value={fields.recipe}
            onChange={({ target }) => change({ recipe: target.value })}
          >
            {recipes.map(({ name, title }) => (
              <option key={name} value={name}>
                {title[language]}
              </option>
            ))}
            <option value={OWN_RECIPE}>{words.own}</option>
          </select>
        )}
      </Field>
      {chosen === undefined ? <PathField {...parts} /> : <RecipeFacts recipe={chosen} />}
      <details open={isMoreOpen} onToggle={({ currentTarget }) => openMore(currentTarget.open)}>
        <summary>{words.more}</summary>
        <MoreFields {...parts} recipe={chosen} />
      </details>
      {failure === null ? null : <FailureNotice failure={failure} isNews />}
      <button type="submit" className="button button-main" aria-busy={isBusy}>
        {words.button}
      </button>
      <p className="small quiet">{words.hint}</p>
    </form>
  );
}

function RecipeFacts({ recipe }: { recipe: PanelRecipe }): ReactElement {
  const language = useLanguage();
  return (
    <div className="start-recipe">
      <p>{recipe.description[language]}</p>
      <PlanFacts plan={recipe} />
      <p className="small quiet">{recipe.disclaimer[language]}</p>
    </div>
  );
}

interface FieldsProps {
  fields: StartFields;
  change: (part: Partial<StartFields>) => void;
  faults: readonly string[];
}

const TYPED = { type: 'text', spellCheck: false, autoCapitalize: 'off', autoComplete: 'off' } as const;
const TEXT_CHARACTERS_MAX = 1024;

function PathField({ fields, change, faults }: FieldsProps): ReactElement {
  const { start: words } = useTrainingWords();
  const fault = faults.includes('path') ? words.pathWrong : null;
  return (
    <Field label={words.path} hint={words.pathHint} fault={fault}>
      {(about) => (
        <input
          {...{ ...about, ...TYPED }}
          maxLength={TEXT_CHARACTERS_MAX}
          value={fields.path}
          onChange={({ target }) => change({ path: target.value })}
        />
      )}
    </Field>
  );
}

function MoreFields({
  fields,
  change,
  faults,
  recipe,
}: FieldsProps & { recipe: PanelRecipe | undefined }): ReactElement {
  const { start: words } = useTrainingWords();
  const language = useLanguage();
  const { steps = null, epochs = null } = recipe ?? {};
  const asRecipe = [
    steps === null ? null : words.byRecipe(count(steps, language)),
    epochs === null ? null : words.byEpochs(measure(epochs, language)),
  ];
  return (
    <div className="start-more">
      <Field
        label={words.data}
        hint={words.dataHint}
        fault={faults.includes('data') ? words.dataWrong : null}
      >
        {(about) => (
          <input
            {...{ ...about, ...TYPED }}
            maxLength={TEXT_CHARACTERS_MAX}
            value={fields.data}
            onChange={({ target }) => change({ data: target.value })}
          />
        )}
      </Field>
      <Field label={words.licence} hint={words.licenceHint}>
        {(about) => (
          <input
            {...{ ...about, ...TYPED }}
            maxLength={120}
            value={fields.licence}
            onChange={({ target }) => change({ licence: target.value })}
          />
        )}
      </Field>
      <Field
        label={words.steps}
        hint={words.stepsHint(asRecipe.find((each) => each !== null) ?? '…')}
        fault={faults.includes('steps') ? words.stepsWrong : null}
      >
        {(about) => (
          <input
            {...{ ...about, ...TYPED }}
            inputMode="numeric"
            maxLength={8}
            value={fields.steps}
            onChange={({ target }) => change({ steps: target.value })}
          />
        )}
      </Field>
    </div>
  );
}
