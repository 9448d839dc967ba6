import { callsShown } from "../../../src/core/calls-shown.ts";
import type { ProgressMode } from "../../../src/core/chat-settings.ts";
import type { AgentState, TurnEvent } from "../../../src/core/events.ts";
import { fit } from "../../../src/core/cells.ts";
import { agentSigns } from "../../words.ts";
import { piece, type Row, shownText } from "./rows.ts";

/** Lines about what a turn runs: they stay once it is over. */
export interface ToolLines {
  take(event: ToolEvent): void;
  /** Those that still run, with the last line that each has put out. */
  rows(): readonly Row[];
  /** How much is shown from now on, as of a turn's first call; without it, every call. */
  show(mode: ProgressMode): void;
  isBusy(): boolean;
  /** Nothing more comes: what is there stays. */
  end(): void;
}

type ToolEvent = Extract<TurnEvent, { type: "tool.started" | "tool.output" | "tool.finished" | "agent" }>;

interface Tool {
  readonly tool: string;
  readonly preview: string;
  output: string;
  state: "running" | "done" | "failed";
}

/** As much of an output as is kept. */
const outputChars = 2_000;

export function createToolLines(parts: { commit(rows: readonly Row[]): void; width(): number }): ToolLines {
  const tools = new Map<string, Tool>();
  const agents = new Map<string, ToolEvent & { readonly type: "agent" }>();
  /** Calls that run and are not shown. */
  const unseen = new Set<string>();
  let isShown = callsShown("all");
  /** In their order: one that is over waits for those that began before it. */
  const settle = (all: boolean) => {
    for (const [call, tool] of tools) {
      if (tool.state === "running" && !all) break;
      parts.commit([toolRow(tool, parts.width())]);
      tools.delete(call);
    }
  };
  return {
    isBusy: () => tools.size > 0 || unseen.size > 0 || agents.size > 0,
    show(mode) {
      isShown = callsShown(mode);
    },
    take(event) {
      switch (event.type) {
        case "tool.started":
          if (!isShown(event.tool)) return void unseen.add(event.call);
          tools.set(event.call, { tool: event.tool, preview: event.preview, output: "", state: "running" });
          break;
        case "tool.output": {
          const tool = tools.get(event.call);
          if (tool !== undefined) tool.output = (tool.output + event.chunk).slice(-outputChars);
          break;
        }
        case "tool.finished": {
          if (unseen.delete(event.call)) break;
          const tool = tools.get(event.call) ?? { tool: event.tool, preview: "", output: "", state: "done" };
          tools.set(event.call, { ...tool, state: event.ok ? "done" : "failed" });
          settle(false);
          break;
        }
        case "agent":
          agents.set(event.agent, event);
          if (isOver(event.state)) {
            parts.commit([agentRow(event, parts.width())]);
            agents.delete(event.agent);
          }
      }
    },
    rows: () => [
      ...[...tools.values()].flatMap((tool) => {
        const line = tool.output.split(/[\r\n]+/).findLast((each) => shownText(each).trim() !== "") ?? "";
        const own = toolRow(tool, parts.width());
        return line === "" || tool.state !== "running"
          ? [own]
          : [own, [piece(fit(`┊   ${shownText(line)}`, parts.width()), "dim")]];
      }),
      ...[...agents.values()].map((agent) => agentRow(agent, parts.width())),
    ],
    end() {
      settle(true);
      unseen.clear();
      agents.clear();
    },
  };
}

const icons: Readonly<Record<string, string>> = {
  terminal: "💻",
  process: "💻",
  execute_code: "🐍",
  read_file: "📖",
  search_files: "🔎",
  write_file: "✍️",
  patch: "✍️",
  memory: "🧠",
  web_search: "🌐",
  web_extract: "🌐",
  cronjob: "⏰",
};

function toolRow({ tool, preview, state }: Tool, width: number): Row {
  const what = preview.startsWith("$ ") ? preview : `${tool} ${preview}`;
  const mark = state === "failed" ? " ✗" : "";
  return [piece(fit(`┊ ${icons[tool] ?? "🔧"} ${oneLine(what)}`, width - mark.length), "dim"), piece(mark, "bad")];
}

function agentRow({ state, name, doing, step }: ToolEvent & { readonly type: "agent" }, width: number): Row {
  const at = state === "working" ? `, step ${step + 1}` : "";
  return [piece(fit(`┊ ${agentSigns[state]} ${oneLine(`${name}${at} ${doing}`)}`, width), "dim")];
}

function isOver(state: AgentState): boolean {
  return state === "answered" || state === "failed" || state === "stopped";
}

function oneLine(text: string): string {
  return shownText(text).replaceAll(/\s+/g, " ").trim();
}
