import { checkedContent, checkedMarkdown, type SlackContent } from "./slack-checks.ts";
import { list, type Params, record, SlackRefusal, words } from "./slack-wire.ts";

/** One message, as its channel shows it now. */
export interface SlackMessage extends SlackContent {
  readonly ts: string;
  readonly channel: string;
  readonly thread: string | null;
  /** Who wrote it; the bot's own have its id, those of other bots an id that begins with B. */
  readonly user: string;
  readonly metadata: Params | null;
  /** Of a message that was streamed: what became of the stream. */
  readonly stream: "open" | "ended" | "expired" | "stopped" | null;
  readonly tasks: readonly { readonly id: string; readonly title: string; readonly status: string }[];
  /** Edits by `chat.update`. */
  readonly edits: number;
  readonly appends: number;
  readonly files: readonly { readonly id: string; readonly name: string; readonly size: number }[];
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What is wrong with a channel; a field left out is as it was. */
export interface SlackChannelState {
  readonly deleted?: boolean;
  readonly archived?: boolean;
  /** The bot is no member. */
  readonly outside?: boolean;
  /** Roots that were deleted with what they held. */
  readonly deletedThreads?: readonly string[];
}

/** The channels, and the methods that write and read in them. */
export interface SlackChats {
  /** In the order they were written, over all channels. */
  readonly messages: readonly SlackMessage[];
  set(channel: string, state: SlackChannelState): void;
  /** Puts a person's message there; returns its ts. */
  write(channel: string, thread: string | null, user: string, text: string): string;
  /** Ends all streams as Slack does after five minutes. */
  expire(): void;
  /** As when a person presses Stop: returns the streams that were open. */
  stop(channel: string, thread: string): readonly string[];
  readonly methods: Readonly<Record<string, (params: Params) => Params>>;
}

export interface SlackChatParts {
  readonly bot: string;
  /** How long a stream lives. */
  readonly streamMs: number;
  /** A file that was uploaded; null: there is none of that id. */
  uploaded(id: string): { readonly name: string; readonly size: number } | null;
  changed(): void;
}

export function createSlackChats(parts: SlackChatParts): SlackChats {
  const messages: SlackMessage[] = [];
  const states = new Map<string, SlackChannelState>();
  let last = 0;
  const nextTs = (): string => {
    last = Math.max(last + 1, Math.floor(Date.now() * 1_000));
    return `${Math.floor(last / 1_000_000)}.${String(last % 1_000_000).padStart(6, "0")}`;
  };
  const put = (
    message: Omit<SlackMessage, "ts" | "edits" | "appends" | "files" | "at"> & Partial<SlackMessage>,
  ): SlackMessage => {
    const whole = { edits: 0, appends: 0, files: [], at: Date.now(), ...message, ts: nextTs() };
    messages.push(whole);
    parts.changed();
    return whole;
  };
  const change = (before: SlackMessage, after: Partial<SlackMessage>): SlackMessage => {
    const now = { ...before, ...after };
    messages[messages.indexOf(before)] = now;
    parts.changed();
    return now;
  };
  const open = (params: Params) => openChannel(states, params);
  const find = (params: Params): SlackMessage => {
    const { channel } = open(params);
    const found = messages.find((each) => each.ts === params["ts"] && each.channel === channel);
    if (!found) throw new SlackRefusal("message_not_found");
    if (found.user !== parts.bot) throw new SlackRefusal("cant_update_message");
    return found.stream === "open" && Date.now() - found.at > parts.streamMs ? change(found, { stream: "expired" }) : found;
  };
  const streaming = (params: Params): SlackMessage => {
    const found = find(params);
    if (found.stream === "stopped") throw new SlackRefusal("stopped_by_user");
    if (found.stream !== "open") throw new SlackRefusal("message_not_in_streaming_state");
    return found;
  };
  const own = { user: parts.bot, metadata: null, stream: null, tasks: [] } as const;
  return {
    messages,
    set: (channel, state) => void states.set(channel, { ...states.get(channel), ...state }),
    write: (channel, thread, user, text) =>
      put({ ...own, channel, thread, user, text, form: "text", buttons: [], footer: "" }).ts,
    expire() {
      for (const each of messages) if (each.stream === "open") change(each, { stream: "expired" });
    },
    stop: (channel, thread) =>
      messages
        .filter((each) => each.channel === channel && each.thread === thread && each.stream === "open")
        .map((each) => change(each, { stream: "stopped" }).ts),
    methods: {
      "chat.postMessage"(params) {
        const { channel, thread } = open(params);
        const { ts } = put({ ...own, channel, thread, ...checkedContent(params, false), metadata: metadataOf(params) });
        return { channel, ts };
      },
      "chat.update"(params) {
        const before = find(params);
        const content = checkedContent(params, true);
        if (before.stream === "open") throw new SlackRefusal("streaming_state_conflict");
        const metadata = metadataOf(params) ?? before.metadata;
        change(before, { ...content, metadata, edits: before.edits + 1, tasks: [], stream: before.stream && "ended" });
        return { channel: before.channel, ts: before.ts, text: content.text };
      },
      "chat.delete"(params) {
        const found = find(params);
        messages.splice(messages.indexOf(found), 1);
        parts.changed();
        return { channel: found.channel, ts: found.ts };
      },
      "chat.startStream"(params) {
        const { channel, thread } = open(params);
        if (thread === null) throw new SlackRefusal("invalid_arguments");
        if (!channel.startsWith("D") && words(params["recipient_user_id"]) === null)
          throw new SlackRefusal("missing_recipient_user_id");
        if (!channel.startsWith("D") && words(params["recipient_team_id"]) === null)
          throw new SlackRefusal("missing_recipient_team_id");
        const { ts } = put({
          ...own,
          channel,
          thread,
          form: "markdown",
          buttons: [],
          footer: "",
          stream: "open",
          ...fed({ text: "", tasks: [] }, params),
        });
        return { channel, ts };
      },
      "chat.appendStream"(params) {
        const before = streaming(params);
        change(before, { ...fed(before, params), appends: before.appends + 1 });
        return { channel: before.channel, ts: before.ts };
      },
      "chat.stopStream"(params) {
        const before = streaming(params);
        const blocks = list(params["blocks"]);
        const below = blocks.length === 0 ? { buttons: [], footer: "" } : checkedContent({ blocks }, false);
        const { buttons, footer } = below;
        change(before, { ...fed(before, params), buttons, footer, stream: "ended", metadata: metadataOf(params) });
        return { channel: before.channel, ts: before.ts };
      },
      "conversations.history": (params) => {
        const { channel } = open(params);
        const roots = messages.filter((each) => each.channel === channel && each.thread === null).toReversed();
        const latest = (root: string) => messages.findLast((each) => each.channel === channel && each.thread === root)?.ts;
        const writers = (root: string) => [
          ...new Set(messages.filter((each) => each.channel === channel && each.thread === root).map(({ user }) => user)),
        ];
        return page(roots, params, parts.bot, { latest, writers });
      },
      "conversations.replies": (params) => {
        const { channel } = open(params);
        const root = words(params["ts"]);
        const found = messages.filter((each) => each.channel === channel && (each.ts === root || each.thread === root));
        if (found.length === 0) throw new SlackRefusal("thread_not_found");
        return page(found, params, parts.bot);
      },
      "files.completeUploadExternal"(params) {
        const files = list(params["files"]).map((each) => {
          const id = words(record(each)["id"]) ?? "";
          const file = parts.uploaded(id);
          if (!file || file.size === 0) throw new SlackRefusal("file_not_found");
          return { id, ...file };
        });
        const { channel, thread } = open({ channel: params["channel_id"], thread_ts: params["thread_ts"] });
        put({
          ...own,
          channel,
          thread,
          text: words(params["initial_comment"]) ?? "",
          form: "text",
          buttons: [],
          footer: "",
          files,
        });
        return { files: files.map(({ id }) => ({ id })) };
      },
    },
  };
}

/** The channel of a request, when the bot may write there. */
function openChannel(
  states: ReadonlyMap<string, SlackChannelState>,
  params: Params,
): { readonly channel: string; readonly thread: string | null } {
  const channel = words(params["channel"]);
  const state = states.get(channel ?? "") ?? {};
  if (channel === null || state.deleted === true) throw new SlackRefusal("channel_not_found");
  if (state.archived === true) throw new SlackRefusal("is_archived");
  if (state.outside === true) throw new SlackRefusal("not_in_channel");
  const thread = words(params["thread_ts"]);
  if (thread !== null && state.deletedThreads?.includes(thread) === true) throw new SlackRefusal("thread_not_found");
  return { channel, thread };
}

/** What a stream shows after `markdown_text` or chunks have been added. */
function fed(before: Pick<SlackMessage, "text" | "tasks">, params: Params): Pick<SlackMessage, "text" | "tasks"> {
  const markdown = words(params["markdown_text"]);
  const chunks = list(params["chunks"]).map(record);
  if (markdown !== null && chunks.length > 0) throw new SlackRefusal("markdown_text_conflict");
  let text = before.text + checkedMarkdown(markdown ?? "");
  const tasks = new Map(before.tasks.map((task) => [task.id, task]));
  for (const chunk of chunks) {
    if (chunk["type"] === "markdown_text") text += checkedMarkdown(words(chunk["text"]) ?? "");
    else if (chunk["type"] === "task_update") tasks.set(...task(chunk));
    else throw new SlackRefusal("invalid_chunks");
  }
  return { text, tasks: [...tasks.values()] };
}

function task(chunk: Params): [string, SlackMessage["tasks"][number]] {
  const [id, title, status] = [chunk["id"], chunk["title"], chunk["status"]].map((each) => words(each) ?? "");
  if (!id || !title || !/^(?:pending|in_progress|complete|error)$/.test(status ?? "")) throw new SlackRefusal("invalid_chunks");
  return [id, { id, title, status: status ?? "" }];
}

function metadataOf(params: Params): Params | null {
  const metadata = record(params["metadata"]);
  if (params["metadata"] !== undefined && words(metadata["event_type"]) === null)
    throw new SlackRefusal("invalid_metadata_format");
  return words(metadata["event_type"]) === null ? null : metadata;
}

function page(
  found: readonly SlackMessage[],
  params: Params,
  bot: string,
  threads: { latest(root: string): string | undefined; writers(root: string): readonly string[] } | null = null,
): Params {
  const oldest = Number(params["oldest"] ?? 0);
  const before = Number(params["latest"] ?? Infinity);
  const limit = Number(params["limit"] ?? 100);
  const all = String(params["include_all_metadata"]) === "true";
  const recent = found.filter(({ ts }) => Number(ts) >= oldest && Number(ts) < before);
  const shown = recent.slice(0, limit).map(({ ts, thread, user, text, metadata, files }) => ({
    type: "message",
    ts,
    user,
    text,
    ...(user === bot ? { bot_id: "B1" } : user.startsWith("B") ? { bot_id: user } : {}),
    ...(thread === null ? {} : { thread_ts: thread }),
    ...(all && metadata !== null ? { metadata } : {}),
    ...(files.length === 0 ? {} : { files }),
    ...(threads?.latest(ts) === undefined
      ? {}
      : { thread_ts: ts, latest_reply: threads.latest(ts), reply_users: threads.writers(ts) }),
  }));
  return { messages: shown, has_more: recent.length > limit };
}
