/**
 * Architectures that the pinned engine (llama.cpp as in @node-llama-cpp 3.22.1) can serve, from its own table of names.
 * A file of any other is refused in words here, where native code would say no more than "failed to load". Update with
 * the pin.
 */
import { unsupportedArchitecture } from './errors.ts';

function names(table: string): string[] {
  return table.trim().split(/\s+/);
}

/** Write text, token after token. */
const TEXT_ARCHITECTURES = names(`
  llama llama4 deci falcon grok gpt2 gptj gptneox mpt baichuan starcoder refact bloom stablelm qwen
  qwen2 qwen2moe qwen2vl qwen3 qwen3moe qwen3next qwen3vl qwen3vlmoe qwen35 qwen35moe qwen4exp phi2
  phi3 phimoe plamo plamo2 plamo3 codeshell orion internlm2 minicpm minicpm3 gemma gemma2 gemma3
  gemma3n gemma4 starcoder2 mamba mamba2 maple jamba falcon-h1 xverse command-r cohere2 cohere2moe
  dbrx olmo olmo2 olmoe muse-glimmer openelm arctic deepseek deepseek2 deepseek2-ocr deepseek32
  deepseek4 chatglm glm4 glm4moe glm-dsa bitnet jais jais2 nemotron nemotron_h nemotron_h_moe exaone
  exaone4 exaone-moe rwkv6 rwkv6qwen2 rwkv7 arwkv7 granite granitemoe granitehybrid graniteswitch
  granite_swa chameleon plm bailingmoe bailingmoe2 bailingmoe3 dots1 dots3note arcee afmoe laguna
  ernie4_5 ernie4_5-moe hunyuan-moe hunyuan-dense hunyuan_vl hy_v3 hy_v4 smollm3 gpt-oss lfm2 lfm2moe
  smallthinker seed_oss grovemoe apertus minimax-01 hrm_text minimax-m2 minimax-m3 cogvlm pangu-
  embedded mistral3 mistral4 paddleocr mimo2 step35 spark2_5 maincoder kimi-linear kimi-k3 talkie
  mellum nanbeige
`);

/** Make vectors of texts, and no text. */
const EMBEDDING_ARCHITECTURES = names(`
  bert modern-bert nomic-bert nomic-bert-moe neo-bert jina-bert-v2 jina-bert-v3 eurobert gemma-
  embedding llama-embed
`);

const NO_TEXT = 'makes sound, not text';
const DRAFT = 'is a draft for another model, not a model on its own';
const DIFFUSION = 'writes text by diffusion, which this version does not run';
const ENCODER = 'needs an encoder pass that this version does not run';

/** Known to the engine, and not served: the reason goes into the error. */
const NOT_SERVED: ReadonlyMap<string, string> = new Map([
  ['clip', 'holds only the part of a model that sees'],
  ['t5', ENCODER],
  ['t5encoder', ENCODER],
  ['wavtokenizer-dec', NO_TEXT],
  ['qwen3tts', NO_TEXT],
  ['pockettts', NO_TEXT],
  ['eagle3', DRAFT],
  ['dflash', DRAFT],
  ['gemma4-assistant', DRAFT],
  ['dream', DIFFUSION],
  ['llada', DIFFUSION],
  ['llada-moe', DIFFUSION],
  ['rnd1', DIFFUSION],
]);

export type ArchitectureKind = 'text' | 'embedding' | 'unsupported';

const KINDS: ReadonlyMap<string, ArchitectureKind> = new Map([
  ...TEXT_ARCHITECTURES.map((name): [string, ArchitectureKind] => [name, 'text']),
  ...EMBEDDING_ARCHITECTURES.map((name): [string, ArchitectureKind] => [name, 'embedding']),
]);

/** What a model of this architecture can be used for. */
export function architectureKind(architecture: string): ArchitectureKind {
  return KINDS.get(architecture) ?? 'unsupported';
}

/** Throws MODEL_ARCHITECTURE_UNSUPPORTED. */
export function requireSupported(file: string, architecture: string): void {
  if (KINDS.has(architecture)) return;
  const reason = NOT_SERVED.get(architecture) ?? 'this version of the engine does not know';
  throw unsupportedArchitecture(file, architecture, reason);
}
