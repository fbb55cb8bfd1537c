/** Judges one lesson that its parent sends. */
import { judge, type Lesson } from './teacher.ts';

process.once('message', (lesson: Lesson) => {
  void judge(lesson).then((judgement) => process.send?.(judgement));
});
