/** What rendering one prompt may cost. */

/** Source of a template. */
export const TEMPLATE_BYTES_MAX = 262_144;
/** The rendered prompt, UTF-8. */
export const OUTPUT_BYTES_MAX = 1_048_576;
/** Processor time of one rendering. */
export const RENDER_MS_MAX = 250;
/** After this the thread is ended from outside: a single step never came to the checks inside. */
export const KILL_AFTER_MS = 1_000;
/** From the thread's start to its readiness, on a busy machine. */
export const START_MS_MAX = 20_000;
/** A thread without work for this long ends. */
export const IDLE_MS = 60_000;
/** Prompts that wait for the thread. */
export const WAITING_MAX = 256;

/** Characters of any text in the middle of a rendering. */
export const TEXT_CHARS_MAX = 1_048_576;
/** Items of any list, and numbers of one `range`. */
export const LIST_ITEMS_MAX = 100_000;
export const RANGE_ITEMS_MAX = 10_000;
/** Characters that built-in functions write in one rendering, all together. */
export const WRITTEN_CHARS_MAX = 16_777_216;
/** The thread's heap at which a rendering is stopped from inside. */
export const HEAP_BYTES_MAX = 100_663_296;
/** V8's own limit, far above: reaching it in one allocation would end the whole process, not the thread. */
export const HEAP_HARD_MB = 512;
export const YOUNG_HEAP_MB = 16;
export const STACK_MB = 2;
