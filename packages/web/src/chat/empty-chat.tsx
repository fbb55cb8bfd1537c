/** A conversation without messages: what can be done here, and what is missing for it. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { isWithin } from '../models-here/model-list.ts';
import { useServices } from '../services/services.ts';
import { hrefOf } from '../state/route.ts';
import { useStore } from '../state/store.ts';
import { Notice } from '../ui/notice.tsx';

export interface EmptyChatProps {
  tier: PrivacyTier;
  onExample: (prompt: string) => void;
  onTier: () => void;
}

export function EmptyChat({ tier, onExample, onTier }: EmptyChatProps): ReactElement {
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
  const isBeyond = state.kind === 'here' && !state.models.some((model) => isWithin(model, tier));
  return (
    <div className="empty">
      <h1>{words.chat.empty.heading}</h1>
      <p className="quiet">{words.chat.empty.privacy[tier]}</p>
      {isBeyond ? (
        <Notice kind="info" text={words.chat.tiers.onlyBeyond}>
          <button type="button" className="button" onClick={onTier}>
            {words.chat.tiers.choose}
          </button>
        </Notice>
      ) : null}
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
