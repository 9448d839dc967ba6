import type { Progress } from "../src/core/adapter.ts";
import { callsShown } from "../src/core/calls-shown.ts";
import type { ProgressMode } from "../src/core/chat-settings.ts";
import { languages } from "../src/commands/languages/index.ts";
import type { TurnEvent } from "../src/core/events.ts";
import type { Language } from "../src/core/language.ts";
import type { ProgressWords } from "../src/core/spoken.ts";
import { codeSpan, plainWords } from "../src/core/markdown.ts";
import { agentSigns } from "./words.ts";

/** What a running turn looks like in a chat: its last tool lines and the text so far. */
export interface Preview {
  take(event: TurnEvent): void;
  /** The preview as Markdown; empty while there is nothing to show. */
  markdown(): string;
  /** The same for a native stream: nothing that was said is taken back. */
  progress(): Progress;
  /** How much of the tools is shown from now on; without it, every call. */
  show(mode: ProgressMode): void;
  /** The language from now on; without it, the first that ships. */
  speak(language: Language): void;
}

const shownTools = 6;
const shownAgents = 12;
/** More text than this is not re-rendered on each update: the tail is what the reader follows. */
const shownChars = 3_000;
/** As much of an output line as is kept. */
const lineChars = 400;

/** Collects a turn's events into a preview. Text of an earlier step gives way to that of the current one. */
export function createPreview(): Preview {
  const state: State = { tools: new Map(), agents: new Map(), pieces: [], remarks: "", notice: null, waits: null };
  let words = languages[0].progress;
  let mode: ProgressMode = "all";
  return {
    take: (event) => take(state, event),
    show(wanted) {
      mode = wanted;
    },
    speak(language) {
      words = language.progress;
    },
    markdown() {
      const shown = chosen(state.tools, mode)
        .map(([, line]) => line)
        .slice(-shownTools);
      const called = shown.flatMap(({ text, output }) => (seen(output) === "" ? [text] : [text, `┊ ${code(output)}`]));
      const lines = [...called, ...[...state.agents.values()].slice(-shownAgents).map((agent) => agentLine(agent, words))].join(
        "  \n",
      );
      const text = withoutFiles(tail(state.pieces));
      return [lines, text === "" ? waitOf(state, words) : text].filter((part) => part !== "").join("\n\n");
    },
    progress: () => ({
      text: withoutFiles(joined(state.remarks, state.pieces)),
      tools: [
        ...chosen(state.tools, mode).map(([call, { title, state }]) => ({ call, title, state })),
        ...[...state.agents].map(([call, agent]) => ({
          call,
          title: `${agent.name}${atOf(agent, words)}`,
          state: stateOf(agent),
        })),
      ],
      notice: waitOf(state, words),
    }),
  };
}

/** What there is to show of a turn. */
interface State {
  readonly tools: Map<string, ToolLine>;
  readonly agents: Map<string, Agent>;
  pieces: string[];
  /** What earlier steps have said. */
  remarks: string;
  /** What it waits for: as somebody has told it, or as it came from the model's server. */
  notice: (TurnEvent & { readonly type: "notice" }) | null;
  waits: (TurnEvent & { readonly type: "reading" | "queued" }) | null;
}

/** Takes what a turn says into what is shown of it. */
function take(state: State, event: TurnEvent): void {
  switch (event.type) {
    case "started":
      state.tools.clear();
      state.pieces = [];
      state.remarks = "";
      break;
    case "step":
      state.remarks = joined(state.remarks, state.pieces);
      state.pieces = [];
      break;
    case "text":
      state.pieces.push(event.delta);
      state.notice = null;
      state.waits = null;
      break;
    case "reading":
      state.waits = event;
      break;
    case "queued":
      // No wait any more: its turn has come.
      state.waits = event.waitMs === 0 ? null : event;
      break;
    case "notice":
      state.notice = event;
      break;
    case "tool.started":
      state.tools.set(event.call, {
        text: `┊ ${icon(event.tool)} ${code(event.preview)}`,
        output: "",
        tool: event.tool,
        title: `${event.tool}: ${event.preview}`,
        state: "running",
      });
      break;
    case "tool.output": {
      const line = state.tools.get(event.call);
      if (line) state.tools.set(event.call, { ...line, output: lastLine(line.output, event.chunk) });
      break;
    }
    case "tool.finished":
      state.tools.set(event.call, {
        text: `${state.tools.get(event.call)?.text ?? `┊ ${event.tool}`}${event.ok ? "" : " ✗"}`,
        output: "",
        tool: event.tool,
        title: state.tools.get(event.call)?.title ?? event.tool,
        state: event.ok ? "done" : "failed",
      });
      break;
    case "agent":
      state.agents.set(event.agent, event);
      break;
    case "reasoning":
    case "titled":
    case "unwritten":
    case "asks":
    case "finished":
      break;
  }
}

type Agent = Extract<TurnEvent, { type: "agent" }>;

/** A subagent's line: what it is about, and what it is at. */
function agentLine(agent: Agent, words: ProgressWords): string {
  const doing = agent.doing === "" ? "" : ` ${code(agent.doing)}`;
  return `┊ ${agentSigns[agent.state]} ${plainWords(agent.name)}${atOf(agent, words)}${doing}`;
}

function atOf({ state, step }: Agent, words: ProgressWords): string {
  if (state === "working") return words.step(step + 1);
  return state === "asking" ? words.asks : "";
}

/** What it waits for, in a line; empty when it waits for nothing. */
function waitOf({ notice, waits }: State, words: ProgressWords): string {
  const said = notice?.about === undefined ? null : words.notice(notice.about);
  const told = said ?? notice?.text ?? "";
  if (told !== "" || waits === null) return told;
  return waits.type === "reading" ? words.reading(waits.done, waits.total) : words.queued(waits.ahead, waits.waitMs);
}

function stateOf({ state }: Agent): Progress["tools"][number]["state"] {
  if (state === "answered") return "done";
  return state === "failed" || state === "stopped" ? "failed" : "running";
}

/** A tool's line, and the last line that it has put out while it runs. */
interface ToolLine {
  readonly tool: string;
  readonly text: string;
  readonly output: string;
  /** Without markup. */
  readonly title: string;
  readonly state: Progress["tools"][number]["state"];
}

/** The calls that a chat wants to see. */
function chosen(tools: ReadonlyMap<string, ToolLine>, mode: ProgressMode): readonly (readonly [string, ToolLine])[] {
  const isShown = callsShown(mode);
  return [...tools].filter(([, { tool }]) => isShown(tool));
}

/** Files come after the answer, in their own messages; what may become the name of one is held back. */
function withoutFiles(text: string): string {
  return text
    .replaceAll(/^MEDIA:.*\n?/gm, "")
    .replaceAll(/\[\[(?:as_document|audio_as_voice)\]\]\n?/g, "")
    .replace(/^(?:M|ME|MED|MEDI|MEDIA)$(?![^])/m, "");
}

function joined(before: string, pieces: readonly string[]): string {
  const text = pieces.join("");
  return before === "" || text === "" ? before + text : `${before}\n\n${text}`;
}

/** The last line of an output that says something, when another piece of it comes. */
function lastLine(before: string, chunk: string): string {
  const lines = `${before}${chunk.slice(-2_000)}`.split("\n");
  const open = lines.pop() ?? "";
  const whole = lines.findLast((line) => line.trim() !== "");
  return open.trim() === "" ? `${(whole ?? "").slice(0, lineChars)}\n` : open.slice(-lineChars);
}

function icon(tool: string): string {
  const icons: Readonly<Record<string, string>> = { terminal: "💻", read_file: "📖", write_file: "✍️", memory: "🧠" };
  return icons[tool] ?? "🔧";
}

/** A tool's preview as inline code on one line. */
function code(preview: string): string {
  const line = seen(preview);
  return line === "" ? "…" : codeSpan(line);
}

/** What of it can be seen on one line. */
function seen(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .slice(0, 120)
    .trim();
}

/** The end of the text, beginning at a line, with a fence that is still open opened again. */
function tail(pieces: readonly string[]): string {
  const text = pieces.join("");
  if (text.length <= shownChars) return text;
  const from = text.indexOf("\n", text.length - shownChars);
  const cut = from < 0 ? text.length - shownChars : from + 1;
  const fences = text.slice(0, cut).match(/^ {0,3}(?:`{3,}|~{3,})[^\n]*/gm) ?? [];
  const open = fences.length % 2 === 1 ? `${(fences.at(-1) ?? "```").trim()}\n` : "";
  return `…\n\n${open}${text.slice(cut)}`;
}
