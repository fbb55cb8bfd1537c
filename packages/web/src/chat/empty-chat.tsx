/** A conversation without messages: what can be done here, and what is missing for it. */
import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { useServices } from '../services/services.ts';
import { hrefOf } from '../state/route.ts';
import { useStore } from '../state/store.ts';
import { Notice } from '../ui/notice.tsx';

export function EmptyChat({ onExample }: { onExample: (prompt: string) => void }): ReactElement {
  const words = useWords();
  const { models } = useServices();
  const state = useStore(models.state);
  if (state.kind === 'failed') {
    return (
      <div className="empty">
        <Notice kind="error" text={words.chat.model.failed(state.reason)}>
          <button type="button" className="button" onClick={() => void models.refresh()}>
            {words.common.retry}
          </button>
        </Notice>
      </div>
    );
  }
  if (state.kind === 'here' && state.models.length === 0) return <NoModel />;
  return (
    <div className="empty">
      <h1>{words.chat.empty.heading}</h1>
      <p className="quiet">{words.chat.empty.privacy}</p>
      <ul className="examples">
        {Object.values(words.chat.empty.examples).map(({ title, prompt }) => (
          <li key={title}>
            <button type="button" className="example" onClick={() => onExample(prompt)}>
              <strong>{title}</strong>
              <span>{prompt}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function NoModel(): ReactElement {
  const words = useWords().chat.empty;
  return (
    <div className="empty">
      <h1>{words.noModel}</h1>
      <p>{words.noModelHow}</p>
      <pre className="command">
        <code>./filon pull smollm2-135m</code>
      </pre>
      <p>
        <a className="button button-main" href={hrefOf({ page: 'models' })}>
          {words.toModels}
        </a>
      </p>
    </div>
  );
}

export function MissingChat(): ReactElement {
  const words = useWords().chat;
  return (
    <main className="page" tabIndex={-1}>
      <h1>{words.empty.missing}</h1>
      <p>{words.empty.missingHow}</p>
      <a className="button button-main" href={hrefOf({ page: 'chat', conversation: null })}>
        {words.side.newChat}
      </a>
    </main>
  );
}
