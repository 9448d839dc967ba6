import type { Log } from "../../src/core/log.ts";
import {
  auxiliaryTasks,
  type Model,
  type ModelAnswer,
  type ModelEvent,
  type ModelMessage,
  type ModelRequest,
  type Models,
  type ToolSpec,
  type Urgency,
} from "../../src/core/model.ts";
import type { Pace } from "../../src/model/pace.ts";
import { openModels, type ModelOptions } from "../../src/model/models.ts";
import type { AuxiliarySetting, ModelSettings, ProviderSetting } from "../../src/model/settings.ts";

/** A log that keeps its lines. */
export function lines(): Log & { readonly lines: string[] } {
  const kept: string[] = [];
  const keep = (_fields: unknown, message: string): void => void kept.push(message);
  return { lines: kept, debug: keep, info: keep, warn: keep, error: keep };
}

/** What most tests change of the models' options and settings; `settings` has the last word. */
export interface QuickOptions {
  readonly baseUrl?: string | null;
  readonly apiKey?: string | null;
  readonly model?: string | null;
  readonly probe?: readonly string[];
  readonly demo?: boolean;
  readonly maxTokens?: number | null;
  readonly stallMs?: number;
  readonly prefillMs?: number;
  readonly log?: Log;
  readonly pace?: Partial<Pace>;
  readonly workers?: ModelOptions["workers"];
  readonly settings?: Partial<ModelSettings>;
}

const quickPace: Pace = {
  backoffMs: 2,
  loadingPollMs: 5,
  loadingMs: 2_000,
  lookAgainMs: 20,
  demoPieceMs: 0,
  placeMs: 20,
  placeEveryMs: 5,
  idleMs: 10,
};

/** The real model code with short pauses, so that trouble is over soon. */
export function quickModels(options: QuickOptions = {}): Models {
  const settings = quickSettings(options);
  const { demo = false, log = lines(), pace, workers } = options;
  const shared = workers === undefined ? {} : { workers };
  return openModels({ settings: async () => settings, demo, log, pace: { ...quickPace, ...pace }, ...shared });
}

/** Settings with one configured server, or none. */
export function quickSettings(options: QuickOptions = {}): ModelSettings {
  const { baseUrl = null, apiKey = null, model = null, probe = [], maxTokens = 512 } = options;
  const { stallMs = 5_000, prefillMs = 5_000, settings = {} } = options;
  const found = provider("main", [], { apiKey, model, keyPlace: "OPENAI_API_KEY (model.api_key)" });
  return {
    main: baseUrl === null ? null : { ...found, baseUrls: [baseUrl] },
    found,
    providers: [],
    fallbacks: [],
    auxiliary: Object.fromEntries(auxiliaryTasks.map((task) => [task, automatic])) as ModelSettings["auxiliary"],
    probe,
    effort: "medium",
    maxTokens,
    stallMs,
    prefillMs,
    slotPinning: "off",
    ...settings,
  };
}

/** A named provider at these addresses. */
export function provider(name: string, baseUrls: readonly string[], overrides: Partial<ProviderSetting> = {}): ProviderSetting {
  const unset = { apiKey: null, model: null, contextLength: null, contextLengths: {}, concurrency: null };
  return { name, baseUrls, keyPlace: `the key of ${name}`, apiMode: "chat_completions", ...unset, ...overrides };
}

/** A side job that the main model does. */
export const automatic: AuxiliarySetting = {
  provider: "auto",
  model: null,
  baseUrl: null,
  apiKey: null,
  contextLength: null,
  timeoutMs: 120_000,
};

/** One tool, as the agent would offer it. */
export const terminalTool: ToolSpec = {
  name: "terminal",
  description: "Run a shell command.",
  parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
};

/** A request with one message of a person, or with these messages. */
export function asking(
  messages: string | readonly ModelMessage[] = "hello",
  tools: readonly ToolSpec[] = [terminalTool],
): ModelRequest {
  const said = typeof messages === "string" ? [{ role: "user" as const, content: messages }] : messages;
  return { messages: said, tools, toolChoice: "auto" };
}

/** All events of one stream. */
export function drain(
  model: Model,
  request: ModelRequest = asking(),
  signal = new AbortController().signal,
): Promise<ModelEvent[]> {
  return Array.fromAsync(model.stream(request, signal));
}

/** The answer at the end of the events; throws when they ended otherwise. */
export function answerOf(events: readonly ModelEvent[]): ModelAnswer {
  const last = events.at(-1);
  if (last?.type !== "done") throw new Error(`no answer but ${JSON.stringify(last)}`);
  return last.answer;
}

/** The text that was shown while it streamed. */
export function shown(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.delta : "")).join("");
}

/** A request of somebody. */
export function by(person: string, session: string | null = null, urgency: Urgency = "interactive"): ModelRequest {
  return { ...asking(), caller: { person, session, urgency } };
}

/** The lines for the person. */
export function notices(events: readonly ModelEvent[]): readonly string[] {
  return events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
}

/** A main server, and a spare one that answers when it fails. */
export function withSpare(main: string, spare: string): Partial<ModelSettings> {
  return {
    main: provider("main", [main], { keyPlace: "OPENAI_API_KEY (model.api_key)" }),
    providers: [provider("spare", [spare])],
    fallbacks: [{ provider: "spare", model: null }],
  };
}
