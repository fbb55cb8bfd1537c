/** Why there is nothing new to read yet. */
import { type ReactElement, useEffect, useState } from 'react';
import type { LiveAnswer } from '../answering/live-answer.ts';
import { useWords } from '../i18n/words.ts';
import { useServices } from '../services/services.ts';
import { Notice } from '../ui/notice.tsx';

const TICK_MS = 1_000;

export function AnswerProgress({ live, model }: { live: LiveAnswer; model: string }): ReactElement | null {
  const words = useWords().chat.progress;
  const { run, retryAtMs } = live;
  if (retryAtMs !== null) return <Retrying atMs={retryAtMs} />;
  if (run.isPaused) return <Notice kind="info" text={words.paused} />;
  if (run.text === '' && run.reasoning === '') return <FirstWord startedMs={live.startedMs} model={model} />;
  return <span className="writing" aria-hidden="true" />;
}

function Retrying({ atMs }: { atMs: number }): ReactElement {
  const words = useWords().chat.progress;
  const seconds = Math.ceil((atMs - useNow()) / 1000);
  return <Notice kind="info" text={seconds > 0 ? words.retrying(seconds) : words.reconnecting} />;
}

/** A model that is not in memory takes its time: then that is said. */
function FirstWord({ startedMs, model }: { startedMs: number; model: string }): ReactElement {
  const words = useWords().chat.progress;
  const { models } = useServices();
  const seconds = Math.floor((useNow() - startedMs) / 1000);
  const [isLoaded, setLoaded] = useState<boolean | null>(null);
  useEffect(() => {
    if (seconds < 1) return;
    const leave = new AbortController();
    models.isLoaded(model, { signal: leave.signal }).then(
      (loaded) => {
        if (!leave.signal.aborted) setLoaded(loaded);
      },
      () => undefined,
    );
    return () => leave.abort();
  }, [models, model, seconds]);
  const text = { none: words.waiting, loading: words.loading(model), reading: words.reading };
  const what = isLoaded === null ? 'none' : isLoaded ? 'reading' : 'loading';
  return (
    <p className="first-word quiet">
      <span className="writing" aria-hidden="true" />
      <span role="status">{text[what]}</span>
      {seconds < 1 ? null : <span>{words.seconds(seconds)}</span>}
    </p>
  );
}

/** Of the clock that the answers are measured with, about once a second. */
function useNow(): number {
  const [nowMs, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
