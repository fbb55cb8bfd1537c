import { SOURCE_LENGTH_MAX } from '@filon/core/model/source';
import { type FormEvent, type ReactElement, useState } from 'react';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { startPull } from '../panel/panel-api.ts';
import { useAction } from '../panel/use-action.ts';
import { useModelsWords } from './model-words.ts';
import { isPullable } from './pullable.ts';

/** Downloads a model that no catalogue knows. */
export function PullForm({ names }: { names: readonly string[] }): ReactElement {
  const { source: words } = useModelsWords();
  const [source, setSource] = useState('');
  const [isWrong, setWrong] = useState(false);
  const { failure, run } = useAction();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const wanted = source.trim();
    setWrong(!isPullable(wanted, names));
    if (isPullable(wanted, names) && (await run(() => startPull(wanted)))) setSource('');
  };
  return (
    <section aria-labelledby="pull-title">
      <h2 id="pull-title">{words.title}</h2>
      <p id="pull-hint">{words.hint}</p>
      <form className="pull-form" noValidate onSubmit={(event) => void submit(event)}>
        <input
          type="text"
          aria-label={words.label}
          aria-describedby={isWrong ? 'pull-wrong' : 'pull-hint'}
          aria-invalid={isWrong}
          placeholder={words.forms[0]?.form}
          value={source}
          maxLength={SOURCE_LENGTH_MAX}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          onChange={({ target }) => setSource(target.value)}
        />
        <button type="submit" className="button button-main">
          {words.button}
        </button>
      </form>
      {isWrong ? (
        <p id="pull-wrong" className="field-error" role="alert">
          {words.invalid}
        </p>
      ) : null}
      {failure === null ? null : <FailureNotice failure={failure} isNews />}
      <dl className="source-forms small">
        {words.forms.map(({ form, what }) => (
          <div key={form}>
            <dt className="mono">{form}</dt>
            <dd className="quiet">{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
