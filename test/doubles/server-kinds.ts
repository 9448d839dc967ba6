import { readFileSync } from "node:fs";
import type { ModelServerOptions, RouteAnswer, RouteRequest, Routes } from "./model-server.ts";

/** The endpoints by which each kind of server tells of itself, for `modelServerWith`. */
type Kind = Pick<ModelServerOptions, "routes" | "models">;

export interface LlamaWish {
  readonly model?: string;
  readonly window?: number;
  readonly slots?: number;
  readonly template?: string;
  readonly caps?: Readonly<Record<string, boolean>>;
  /** False: started with `--no-jinja`, so that tools are refused. */
  readonly jinja?: boolean;
  /** Tokens that `/v1/chat/completions/input_tokens` counts; null: the endpoint is not there, as in older builds. */
  readonly counts?: number | null;
}

/** llama-server as it was recorded, with these differences. */
export function llamaServer(wish: LlamaWish = {}): Kind {
  const { model = "models/rand-qwen3-tiny.gguf", counts = 185, jinja = true } = wish;
  const refusal = { error: { code: 500, message: "tools param requires --jinja flag", type: "server_error" } };
  const known = table({
    "/v1/models": { object: "list", data: [llamaEntry(model, wish)] },
    "/props": llamaProps(wish),
    ...(counts === null
      ? {}
      : { "/v1/chat/completions/input_tokens": { object: "response.input_tokens", input_tokens: counts } }),
  });
  return {
    models: [model],
    routes: (asked) => {
      if (asked.path !== "/apply-template") return known(asked);
      return jinja ? ok({ prompt: "<|im_start|>user" }) : { status: 500, body: refusal };
    },
  };
}

/** llama-server without a model of its own: it loads what is asked for, `/props?model=` included. `loads` notes what that has loaded. */
export function llamaRouter(loaded: string, unloaded: string, loads: string[]): Kind {
  const status = (value: string) => ({ status: { value }, meta: null });
  const data = [
    { ...llamaEntry(unloaded), ...status("unloaded") },
    { ...llamaEntry(loaded), ...status("loaded") },
  ];
  const own = { role: "router", model_alias: "llama-server", model_path: "none", build_info: "b1-de3ff81" };
  const props = { ...own, default_generation_settings: { params: {}, n_ctx: 0 } };
  return {
    models: [unloaded, loaded],
    routes: ({ path }) => {
      const url = new URL(path, "http://double");
      if (url.pathname === "/v1/models") return ok({ object: "list", data });
      if (url.pathname !== "/props") return null;
      const asked = url.searchParams.get("model");
      if (asked === null) return ok(props);
      if (asked !== loaded) loads.push(asked);
      return ok(llamaProps({ model: asked, window: 16_384 }));
    },
  };
}

/** llama-server while it reads its weights: every path says so. */
export function llamaLoading(): Kind {
  const body = { error: { message: "Loading model", type: "unavailable_error", code: 503 } };
  return { routes: () => ({ status: 503, body }) };
}

function llamaProps(wish: LlamaWish): unknown {
  const text = readFileSync(new URL("recorded/02-props.json", import.meta.url), "utf8");
  const recorded = JSON.parse(text) as Record<string, unknown>; // our own recording
  const { n_ctx, ...settings } = recorded["default_generation_settings"] as Record<string, unknown>; // as above
  const caps = recorded["chat_template_caps"] as Record<string, unknown>; // as above
  return {
    ...recorded,
    default_generation_settings: { ...settings, n_ctx: wish.window ?? n_ctx },
    total_slots: wish.slots ?? recorded["total_slots"],
    chat_template: wish.template ?? recorded["chat_template"],
    chat_template_caps: { ...caps, ...wish.caps },
  };
}

function llamaEntry(id: string, { window = 8_192 }: LlamaWish = {}) {
  const meta = { vocab_type: 2, n_vocab: 151_936, n_ctx: window, n_ctx_train: 40_960, n_params: 9_798_080, ftype: "F16" };
  return { id, aliases: [id], tags: [], object: "model", created: 1_795_229_542, owned_by: "llamacpp", meta };
}

export interface OllamaWish {
  readonly model?: string;
  /** The window of the loaded model; null: it is not loaded. */
  readonly loaded?: number | null;
  readonly parameters?: string;
  readonly capabilities?: readonly string[];
  readonly family?: string;
}

/** Ollama with one model, whose file says that it could take 262,144 tokens. `wish` may be changed while it runs. */
export function ollama(wish: OllamaWish): Kind {
  const model = wish.model ?? "qwen3:latest";
  const details = () => ({
    format: "gguf",
    family: wish.family ?? "qwen3",
    parameter_size: "8.2B",
    quantization_level: "Q4_K_M",
  });
  const show = () => ({
    modelfile: "# Modelfile",
    parameters: wish.parameters ?? 'stop                           "<|im_start|>"\ntemperature                    0.6',
    template: "{{ .Prompt }}",
    details: details(),
    model_info: { "general.architecture": "qwen3", "qwen3.context_length": 262_144 },
    capabilities: wish.capabilities ?? ["completion", "tools", "thinking"],
  });
  const running = () => {
    const { loaded = null } = wish;
    return loaded === null ? [] : [{ name: model, model, size: 6_000_000_000, details: details(), context_length: loaded }];
  };
  return {
    models: [model],
    routes: ({ method, path, body }) => {
      if (path === "/api/version") return ok({ version: "0.13.5" });
      if (path === "/api/tags") return ok({ models: [{ name: model, model, details: details() }] });
      if (path === "/api/ps") return ok({ models: running() });
      if (path !== "/api/show" || method !== "POST") return null;
      const asked = (body as { model?: string }).model; // what our own client sends
      if (asked === model || `${asked}:latest` === model) return ok(show());
      return { status: 404, body: { error: `model '${asked}' not found` } };
    },
  };
}

export interface StudioWish {
  readonly model?: string;
  readonly loaded?: number | null;
  readonly trained?: boolean;
  readonly parallel?: number;
  /** A version before 0.4: `/api/v0` only. */
  readonly older?: boolean;
  readonly reasoning?: readonly string[];
}

/** LM Studio: paths that it does not know are answered with 200 and an error. */
export function lmStudio(wish: StudioWish = {}): Kind {
  const { model = "qwen/qwen3.5-9b", older = false } = wish;
  const list = older ? { "/api/v0/models": olderStudio(model, wish) } : { "/api/v1/models": newerStudio(model, wish) };
  const known = table(list);
  const unknown = ({ method, path }: RouteRequest): RouteAnswer =>
    ok({ error: `Unexpected endpoint or method. (${method} ${path})` });
  return {
    models: [model],
    routes: (asked) => known(asked) ?? (asked.path.startsWith("/v1/") ? null : unknown(asked)),
  };
}

function newerStudio(model: string, { loaded = 16_384, trained = true, parallel = 4, reasoning }: StudioWish): unknown {
  const config = { context_length: loaded, eval_batch_size: 512, parallel, flash_attention: true };
  const entry = {
    type: "llm",
    publisher: "qwen",
    key: model,
    display_name: "Qwen3.5 9B",
    loaded_instances: loaded === null ? [] : [{ id: model, config }],
    max_context_length: 262_144,
    format: "gguf",
    capabilities: {
      vision: true,
      trained_for_tool_use: trained,
      ...(reasoning ? { reasoning: { allowed_options: reasoning, default: reasoning[0] } } : {}),
    },
    variants: [`${model}@q4_k_m`],
    selected_variant: `${model}@q4_k_m`,
  };
  const embedding = { type: "embedding", key: "text-embedding-nomic", loaded_instances: [], max_context_length: 2_048 };
  return { models: [embedding, entry] };
}

function olderStudio(id: string, { loaded = 16_384, trained = true }: StudioWish): unknown {
  const state = loaded === null ? { state: "not-loaded" } : { state: "loaded", loaded_context_length: loaded };
  const capabilities = trained ? { capabilities: ["tool_use"] } : { capabilities: [] };
  const entry = { id, object: "model", type: "vlm", arch: "qwen35", max_context_length: 262_144, ...state, ...capabilities };
  return { object: "list", data: [entry] };
}

export interface VllmWish {
  readonly model?: string;
  readonly window?: number;
  /** What the chat template reads. */
  readonly reads?: readonly ("tools" | "enable_thinking" | "reasoning_effort")[];
  /** False: `/tokenize` refuses what it does not know, as older versions do. */
  readonly lenient?: boolean;
  /** True: `/tokenize` leaves tools and switches out without a word, as still older versions do. */
  readonly old?: boolean;
}

/** vLLM, whose `/tokenize` renders the chat template. */
export function vllm({
  model = "Qwen/Qwen3-8B",
  window = 32_768,
  reads = ["tools", "enable_thinking"],
  lenient = true,
  old = false,
}: VllmWish = {}): Kind {
  const entry = { id: model, object: "model", created: 1, owned_by: "vllm", root: model, parent: null, max_model_len: window };
  const tokenize = ({ body }: RouteRequest): RouteAnswer => {
    const { tools, chat_template_kwargs: kwargs = {} } = body as {
      tools?: unknown;
      chat_template_kwargs?: Record<string, unknown>;
    };
    if (!lenient && Object.keys(kwargs).length > 0) {
      return { status: 400, body: { error: { message: "extra fields not permitted", type: "BadRequestError", code: 400 } } };
    }
    const said = (old ? [] : reads).map((name) => (name === "tools" ? tools : kwargs[name]) ?? null);
    const tokens = [...JSON.stringify(["hello", said])].map((letter) => letter.charCodeAt(0));
    return ok({ count: tokens.length, max_model_len: window, tokens, ...(old ? {} : { token_strs: null }) });
  };
  return {
    models: [model],
    routes: (asked) => {
      if (asked.path === "/v1/models") return ok({ object: "list", data: [entry] });
      if (asked.path === "/version") return ok({ version: "0.14.1" });
      return asked.path === "/tokenize" && asked.method === "POST" ? tokenize(asked) : null;
    },
  };
}

export interface SglangWish {
  readonly model?: string;
  readonly window?: number;
  readonly info?: Readonly<Record<string, unknown>>;
  /** The names without `get_`, of newer versions. */
  readonly renamed?: boolean;
}

/** SGLang, which tells the arguments that it was started with. */
export function sglang({ model = "Qwen/Qwen3-8B", window = 40_960, info = {}, renamed = false }: SglangWish = {}): Kind {
  const entry = { id: model, object: "model", created: 1, owned_by: "sglang", root: model, max_model_len: window };
  const server = {
    model_path: model,
    context_length: null,
    max_running_requests: 48,
    max_total_num_tokens: 200_000,
    reasoning_parser: "qwen3",
    tool_call_parser: "qwen25",
    version: "0.5.6",
    ...info,
  };
  const prefix = renamed ? "/" : "/get_";
  return {
    models: [model],
    routes: table({
      "/v1/models": { object: "list", data: [entry] },
      [`${prefix}server_info`]: server,
      [`${prefix}model_info`]: { model_path: model, is_generation: true, has_image_understanding: false },
    }),
  };
}

/** The kind, but these paths never answer. */
export function slow(kind: Kind, ...paths: readonly string[]): Kind {
  return { ...kind, routes: (asked) => (paths.includes(asked.path) ? "never" : (kind.routes?.(asked) ?? null)) };
}

/** The kind, with what it was asked: `METHOD path`. */
export function noting(kind: Kind, asked: string[]): Kind {
  const routes: Routes = (request) => {
    asked.push(`${request.method} ${request.path}`);
    return kind.routes?.(request) ?? null;
  };
  return { ...kind, routes };
}

function table(bodies: Readonly<Record<string, unknown>>): Routes {
  return ({ path }) => (path in bodies ? ok(bodies[path]) : null);
}

function ok(body: unknown): RouteAnswer {
  return { status: 200, body };
}
