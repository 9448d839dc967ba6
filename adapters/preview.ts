import type { Progress } from "../src/core/adapter.ts";
import type { ProgressMode } from "../src/core/chat-settings.ts";
import type { TurnEvent } from "../src/core/events.ts";
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
}

const shownTools = 6;
const shownAgents = 12;
/** More text than this is not re-rendered on each update: the tail is what the reader follows. */
const shownChars = 3_000;
/** As much of an output line as is kept. */
const lineChars = 400;

/** Collects a turn's events into a preview. Text of an earlier step gives way to that of the current one. */
export function createPreview(): Preview {
  const state: State = { tools: new Map(), agents: new Map(), pieces: [], remarks: "", notice: "", reading: "" };
  let mode: ProgressMode = "all";
  return {
    take: (event) => take(state, event),
    show(wanted) {
      mode = wanted;
    },
    markdown() {
      const shown = chosen(state.tools, mode)
        .map(([, line]) => line)
        .slice(-shownTools);
      const called = shown.flatMap(({ text, output }) => (seen(output) === "" ? [text] : [text, `┊ ${code(output)}`]));
      const lines = [...called, ...[...state.agents.values()].slice(-shownAgents).map(agentLine)].join("  \n");
      const text = withoutFiles(tail(state.pieces));
      return [lines, text === "" ? state.notice || state.reading : text].filter((part) => part !== "").join("\n\n");
    },
    progress: () => ({
      text: withoutFiles(joined(state.remarks, state.pieces)),
      tools: [
        ...chosen(state.tools, mode).map(([call, { title, state }]) => ({ call, title, state })),
        ...[...state.agents].map(([call, agent]) => ({ call, title: `${agent.name}${atOf(agent)}`, state: stateOf(agent) })),
      ],
      notice: state.notice || state.reading,
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
  notice: string;
  reading: string;
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
      state.notice = "";
      state.reading = "";
      break;
    case "reading":
      state.reading = `Reading ${event.done.toLocaleString("en")} of ${event.total.toLocaleString("en")} tokens …`;
      break;
    case "queued":
      // No wait any more: its turn has come.
      state.reading = event.waitMs === 0 ? "" : `Waiting for the model: ${queue(event.ahead, event.waitMs)} …`;
      break;
    case "notice":
      state.notice = event.text;
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
    case "asks":
    case "finished":
      break;
  }
}

type Agent = Extract<TurnEvent, { type: "agent" }>;

/** A subagent's line: what it is about, and what it is at. */
function agentLine(agent: Agent): string {
  const doing = agent.doing === "" ? "" : ` ${code(agent.doing)}`;
  return `┊ ${agentSigns[agent.state]} ${plainWords(agent.name)}${atOf(agent)}${doing}`;
}

function atOf({ state, step }: Agent): string {
  if (state === "working") return `, step ${step + 1}`;
  return state === "asking" ? ", waits for an answer" : "";
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
  const all = [...tools];
  switch (mode) {
    case "off":
      return [];
    case "new":
      return all.filter(([, line], index) => all[index - 1]?.[1].tool !== line.tool);
    case "all":
      return all;
  }
}

/** Files come after the answer, in their own messages; what may become the name of one is held back. */
function withoutFiles(text: string): string {
  return text.replaceAll(/^MEDIA:.*\n?/gm, "").replace(/^(?:M|ME|MED|MEDI|MEDIA)$(?![^])/m, "");
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

function queue(ahead: number, waitMs: number | null): string {
  const place = ahead === 0 ? "you are next" : `${ahead} before you`;
  return waitMs === null ? place : `${place}, about ${Math.max(1, Math.round(waitMs / 1_000))} s`;
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
