import type { ModelNotice, ModelRequest } from "../core/model.ts";
import { effortFields, roomFor } from "./effort.ts";
import type { AttemptEnd, AttemptSetting, Parcel } from "./exchange.ts";
import { otherMode } from "./modes/detect.ts";
import { modeOfAddress } from "./modes/hosts.ts";
import { modes } from "./modes/index.ts";
import type { ApiMode } from "./settings.ts";

/** How a request is sent: what may be changed about it when it went wrong because of how it was sent. */
export interface Approach {
  readonly mode: ApiMode;
  /** How often the server could not read what its model wrote. */
  readonly misread: number;
  /** Thinking took all there was; it is turned off. */
  readonly thoughtless: boolean;
  /** Tell the person, before it is sent in this way. */
  readonly notice: ModelNotice | null;
}

/** The first approach. */
export function approachTo({ mode, connection, server }: AttemptSetting): Approach {
  const { address } = server;
  const told = mode === undefined || mode === "auto" ? (connection.spoken.get(address) ?? modeOfAddress(address)) : mode;
  return { mode: told ?? "chat_completions", misread: 0, thoughtless: false, notice: null };
}

/** The request in this approach's form. */
export function parcelOf(setting: AttemptSetting, request: ModelRequest, approach: Approach): Parcel {
  const { server, facts, extras } = setting;
  const { mode } = approach;
  const effort = approach.thoughtless ? "none" : (request.effort ?? setting.effort);
  const known = facts !== undefined && facts !== null && effort !== undefined;
  // Read from the text here, so that no server's parser stands between; at last not even told of tools but by the conversation.
  const asText = approach.misread >= readOurselves ? { parse_tool_calls: false } : {};
  const sent = approach.misread >= withoutTools ? { ...request, tools: [] } : request;
  return {
    mode,
    offered: request.toolChoice === "none" || request.schema ? [] : request.tools,
    pack: () => {
      const wire = {
        model: server.model ?? "default",
        // Who asks for a number knows what room the prompt leaves; only the configured one knows nothing of thinking.
        maxTokens: known && request.maxTokens === undefined ? roomFor(facts, effort, setting.maxTokens) : setting.maxTokens,
        progress: server.llama,
        window: facts?.window ?? null,
      };
      const thinking = known ? effortFields(facts, effort, mode) : {};
      const body = { ...modes[mode].body(sent, wire), ...thinking, ...asText, ...extras };
      return { body, reader: modes[mode].reader(sent, wire) };
    },
  };
}

/** After so many misreadings the server is asked to leave calls in the text, */
const readOurselves = 2;
/** and after so many it is offered no tools. */
const withoutTools = 3;

/** Another way to send the request at once, or null: this end stands. */
export async function nextApproach(
  setting: AttemptSetting,
  request: ModelRequest,
  approach: Approach,
  end: AttemptEnd,
  signal: AbortSignal,
): Promise<Approach | null> {
  if (end.type === "aborted") return null;
  if (end.type === "done") return thoughtAway(setting, request, approach, end) ? without(approach) : null;
  const { verdict, partial, calling } = end;
  if (verdict.kind === "again" && verdict.unparsed && partial === "" && !calling && approach.misread < withoutTools) {
    return { ...approach, misread: approach.misread + 1, notice: null };
  }
  return verdict.kind === "misaddressed" ? await elsewhere(setting, approach, signal) : null;
}

/** The whole answer was thinking, and the limit came before its first word. Of a request for a few tokens nothing else is expected. */
function thoughtAway(setting: AttemptSetting, request: ModelRequest, approach: Approach, end: AttemptEnd): boolean {
  if (end.type !== "done" || approach.thoughtless || request.effort === "none") return false;
  const { content, finish, calls, reasoning } = end.answer;
  const cut = finish === "length" && content === "" && calls.length === 0 && reasoning !== "";
  return cut && (request.maxTokens ?? fewTokens) >= fewTokens && canStopThinking(setting, approach.mode);
}

const fewTokens = 64;

function canStopThinking({ facts }: AttemptSetting, mode: ApiMode): boolean {
  return facts !== undefined && facts !== null && Object.keys(effortFields(facts, "none", mode)).length > 0;
}

function without(approach: Approach): Approach {
  const text = "thinking took all the room of the answer; asking again without it";
  return { ...approach, thoughtless: true, notice: { type: "notice", text, about: { say: "without_thinking" } } };
}

/** A server that has no chat completions may speak another mode. It is looked for until the server has told. */
async function elsewhere(setting: AttemptSetting, approach: Approach, signal: AbortSignal): Promise<Approach | null> {
  const { connection, server, mode = "auto" } = setting;
  const { spoken } = connection;
  if (mode !== "auto" || approach.mode !== "chat_completions" || spoken.has(server.address)) return null;
  // The address lacks its version, which is tried first.
  if (!/\/v\d+\w*$/.test(new URL(server.address).pathname)) return null;
  const other = await otherMode(connection, server.address, signal);
  if (other === "unknown") return null;
  spoken.set(server.address, other === "none" ? "chat_completions" : other);
  if (other === "none") return null;
  const text = `the server has no chat completions; it is spoken to as ${other} (model.api_mode)`;
  return { ...approach, mode: other, notice: { type: "notice", text, about: { say: "other_mode", mode: other } } };
}
