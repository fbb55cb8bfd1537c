import type { Curves } from '@filon/core/training/curves';
import type { ReactElement } from 'react';
import { CurveChart } from './curve-chart.tsx';
import { useTrainingWords } from './training-words.ts';

/** How the training goes, drawn while it does. */
export function CurveList({ curves: { steps, validation } }: { curves: Curves }): ReactElement {
  const { curves: words } = useTrainingWords();
  const { loss, learningRate, gradientNorm } = words;
  const of = (value: (point: Curves['steps'][number]) => number) =>
    steps.map((point) => ({ step: point.step, value: value(point) }));
  return (
    <section aria-labelledby="curves-title">
      <h2 id="curves-title">{words.title}</h2>
      {steps.length === 0 ? <p className="panel-empty">{words.empty}</p> : null}
      <div className="curves">
        <CurveChart
          title={loss}
          isFromZero={false}
          curves={[
            { name: words.training, points: of((point) => point.loss) },
            {
              name: words.validation,
              points: validation.map((point) => ({ step: point.step, value: point.loss })),
            },
          ]}
        />
        <CurveChart
          title={learningRate}
          isFromZero
          curves={[{ name: learningRate, points: of((point) => point.learningRate) }]}
        />
        <CurveChart
          title={gradientNorm}
          isFromZero
          curves={[{ name: gradientNorm, points: of((point) => point.gradientNorm) }]}
        />
      </div>
    </section>
  );
}
