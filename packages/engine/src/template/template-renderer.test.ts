import type { ChatMessage } from '@filon/core/serving/completion';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openTemplateRenderer, type RenderRequest } from './template-renderer.ts';

const renderer = openTemplateRenderer();
afterAll(() => renderer[Symbol.asyncDispose]());

const hello: ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hi <&> 😀' },
];

function render(template: string, changes: Partial<RenderRequest> = {}): Promise<string> {
  const request = { template, messages: hello, addGenerationPrompt: true, bosToken: '<s>', eosToken: '</s>' };
  return renderer.render({ ...request, ...changes }, { signal: new AbortController().signal });
}

const CHATML =
  "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nBe helpful<|im_end|>\n' }}{% endif %}" +
  "{{'<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>' + '\n'}}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

describe('template renderer', () => {
  test('renders a chat', async () => {
    const head = '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi <&> 😀<|im_end|>\n';
    expect(await render(CHATML)).toBe(`${head}<|im_start|>assistant\n`);
    expect(await render(CHATML, { addGenerationPrompt: false })).toBe(head);
  });

  test('gives templates what they usually ask for', async () => {
    expect(await render('{{ bos_token }}{{ eos_token }}{{ messages | tojson }}')).toBe(
      '<s></s>[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi <&> 😀"}]',
    );
    expect(await render('{% if tools %}tools{% else %}none{% endif %}')).toBe('none');
    expect(
      await render('{% if enable_thinking is defined and not enable_thinking %}no{% endif %}', {
        variables: { enable_thinking: false },
      }),
    ).toBe('no');
    expect(await render("{{ strftime_now('%d %b %Y') }}")).toMatch(/^\d{2} [A-Z][a-z]{2} \d{4}$/);
    expect(await render('{% for i in range(2, 11, 3) %}{{ i }},{% endfor %}')).toBe('2,5,8,');
    expect(
      await render(
        '{%- set ns = namespace(x=1) -%}{%- for i in range(3) -%}{%- set ns.x = ns.x * 2 -%}{%- endfor -%}{{ ns.x }}',
      ),
    ).toBe('8');
  });

  test('hands on what a template says when it refuses', async () => {
    await expect(render("{{ raise_exception('Roles must alternate') }}")).rejects.toMatchObject({
      details: { code: 'TEMPLATE_REFUSED', reason: 'Roles must alternate' },
      message: expect.stringContaining('Roles must alternate'),
    });
  });

  test('says what is wrong with a faulty template', async () => {
    const faults = [
      '{% for %}',
      '{{ missing() }}',
      '{{ messages[0].content.explode() }}',
      '{{ 1 +',
      '{{ ((( }}',
      '{{ [1] | nosuch }}',
    ];
    for (const template of faults) {
      await expect(render(template)).rejects.toMatchObject({ details: { code: 'TEMPLATE_INVALID' } });
    }
    await expect(render('{{ missing() }}')).rejects.toThrow(/chat template failed: .*UndefinedValue/);
    await expect(render(`{{ ${'('.repeat(50_000)}1 }}`)).rejects.toMatchObject({
      details: { code: 'TEMPLATE_INVALID' },
    });
  });

  const grow =
    '{% set ns = namespace(s="aaaaaaaaaaaaaaaa") %}{% for i in range(14) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}';
  const bombs: [what: string, template: string, code: string][] = [
    [
      'loops for long',
      '{% for i in range(10000) %}{% for j in range(10000) %}{% endfor %}{% endfor %}',
      'TIMEOUT',
    ],
    ['recurses without end', '{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}', 'INVALID'],
    [
      'recurses by two',
      '{% macro f(x) %}{% if x %}{{ f(x - 1) }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(60) }}',
      'TIMEOUT',
    ],
    ['makes a long range', '{{ range(1000000000) | length }}', 'MEMORY'],
    ['makes a long range slowly', '{{ range(0, 1, 0.0000000001) | length }}', 'MEMORY'],
    [
      'doubles a text',
      `{% set ns = namespace(s="aa") %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s | upper }}`,
      'MEMORY',
    ],
    [
      'doubles a list',
      '{% set ns = namespace(l=[1, 2]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}',
      'MEMORY',
    ],
    ['replaces letters by texts', `${grow}{{ ns.s.replace("a", ns.s) | length }}`, 'MEMORY'],
    ['replaces by a filter', `${grow}{{ ns.s | replace("a", ns.s) | length }}`, 'MEMORY'],
    ['joins with a long text', `${grow}{{ range(9000) | join(ns.s) | length }}`, 'MEMORY'],
    ['indents far', '{{ "a" | indent(400000000, true) | length }}', 'MEMORY'],
    ['indents JSON far', '{{ [[[1]]] | tojson(indent=400000000) | length }}', 'MEMORY'],
    [
      'writes shared lists as JSON',
      '{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}',
      'MEMORY',
    ],
    [
      'writes shared lists as text',
      '{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l ~ "" }}',
      'MEMORY',
    ],
    [
      'writes one text many times as JSON',
      `${grow}{% set x = ns.s %}{% set ns.l = [] %}{% for i in range(9000) %}{% set ns.l = ns.l + [x] %}{% endfor %}{{ ns.l | tojson }}`,
      'MEMORY',
    ],
    [
      'splits again and again',
      `${grow}{% set ns.l = [] %}{% for i in range(1000) %}{% set ns.l = ns.l + [ns.s.split("a")] %}{% endfor %}`,
      '',
    ],
    [
      'keeps many objects',
      '{% set ns = namespace(l=[]) %}{% for i in range(10000) %}{% set ns.l = [ns.l, messages, {"a": [1,2,3,4,5,6,7,8,9]}] %}{% for j in range(1000) %}{% set ns.l = [ns.l, {"b": j}] %}{% endfor %}{% endfor %}',
      '',
    ],
    [
      'writes without end',
      '{% for i in range(10000) %}{% for j in range(10000) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}',
      '',
    ],
    ['writes too much', `{% for i in range(100) %}${'x'.repeat(20_000)}{% endfor %}`, 'OUTPUT_LIMIT'],
  ];
  test.for(bombs)('stops a template that %s', async ([, template, code]) => {
    const before = process.memoryUsage.rss();
    const expected =
      code === '' ? /^TEMPLATE_(TIMEOUT|MEMORY|OUTPUT_LIMIT)$/ : new RegExp(`^TEMPLATE_${code}$`);
    await expect(render(template)).rejects.toMatchObject({
      details: { code: expect.stringMatching(expected) },
    });
    expect(process.memoryUsage.rss() - before).toBeLessThan(300e6);
    // The next chat is served all the same.
    expect(await render('{{ messages[1].content }}')).toBe('Hi <&> 😀');
  });

  test('refuses long templates and long messages before it starts', async () => {
    await expect(render('x'.repeat(300_000))).rejects.toMatchObject({
      details: { code: 'TEMPLATE_INVALID' },
    });
    const long = [{ role: 'user' as const, content: 'x'.repeat(1_100_000) }];
    await expect(render(CHATML, { messages: long })).rejects.toMatchObject({
      details: { code: 'TEMPLATE_OUTPUT_LIMIT' },
    });
  });

  test('renders a chat of nearly the whole limit in time', async () => {
    const messages = Array.from({ length: 900 }, (_, i) => ({
      role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content: `${i} ${'word '.repeat(200)}`,
    }));
    expect((await render(CHATML, { messages })).length).toBeGreaterThan(900_000);
  });

  test('renders prompts that come together one after the other', async () => {
    const texts = await Promise.all([0, 1, 2, 3, 4].map((i) => render(`{{ "${i}" }}`)));
    expect(texts).toEqual(['0', '1', '2', '3', '4']);
  });

  test('lets go at once of what nobody waits for, and of more than can wait', async () => {
    const controller = new AbortController();
    const request = {
      template: CHATML,
      messages: hello,
      addGenerationPrompt: true,
      bosToken: '',
      eosToken: '',
    };
    const aborted = renderer.render(request, { signal: controller.signal });
    controller.abort(new TypeError('gone'));
    await expect(aborted).rejects.toThrow('gone');
    const many = Array.from({ length: 300 }, () =>
      render('x').catch((error: { code: string }) => error.code),
    );
    const results = await Promise.all(many);
    expect(results.filter((text) => text === 'x').length).toBeGreaterThan(200);
    expect(results.filter((text) => text === 'TEMPLATE_BUSY').length).toBeGreaterThan(0);
  });

  test('starts again after it was idle', async () => {
    await using short = openTemplateRenderer({ idleMs: 1 });
    const request = {
      template: '{{ bos_token }}',
      messages: [],
      addGenerationPrompt: true,
      bosToken: 'b',
      eosToken: '',
    };
    const { signal } = new AbortController();
    expect(await short.render(request, { signal })).toBe('b');
    await vi.waitFor(() => expect(short.threadRunning).toBe(false));
    expect(await short.render(request, { signal })).toBe('b');
  });
});
