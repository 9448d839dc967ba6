import { type Button, checkedEntities, checkedKeyboard, checkedRich, checkedText, type Entity } from "./telegram-checks.ts";
import { type ChatLimits, createLimit } from "./telegram-limits.ts";
import { bad, type Params, record, Refusal, type Upload, whole } from "./telegram-wire.ts";

/** One message of the bot, as its chat shows it now. */
export interface ShownMessage {
  readonly id: number;
  readonly chat: number;
  readonly thread: number | null;
  readonly replyTo: number | null;
  readonly text: string;
  readonly entities: readonly Entity[];
  readonly buttons: readonly Button[];
  /** True when it was sent as Markdown with `sendRichMessage`. */
  readonly rich: boolean;
  /** What it was sent as, of a file. */
  readonly file?: { readonly kind: string } & Upload;
  readonly edits: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly changedAt: number;
}

export interface ShownDraft {
  readonly id: number;
  readonly thread: number | null;
  readonly text: string;
  readonly canStop: boolean;
  readonly updates: number;
  /** Epoch milliseconds of the last of them. */
  readonly at: number;
}

/** Telegram shows a draft for half a minute. */
const draftMs = 30_000;

/** What is wrong with a chat; a field left out is as it was. */
export interface ChatState {
  readonly blocked?: boolean;
  /** As if the bot had never seen it. */
  readonly unknown?: boolean;
  /** The group became a supergroup with this id. */
  readonly migratedTo?: number;
  readonly deletedThreads?: readonly number[];
}

/** The chats, and the methods that write in them. */
export interface Chats {
  readonly messages: ReadonlyMap<number, readonly ShownMessage[]>;
  drafts(chat: number): readonly ShownDraft[];
  set(chat: number, state: ChatState): void;
  /** An id for a message that a person writes; people's and the bot's are counted together. */
  received(chat: number): number;
  readonly methods: Readonly<Record<string, (params: Params) => unknown>>;
}

export interface ChatParts {
  readonly bot: Params;
  readonly limits: ChatLimits;
  /** False: an older server, which knows no drafts. */
  readonly drafts: boolean;
  changed(): void;
}

export function createChats(parts: ChatParts): Chats {
  const messages = new Map<number, ShownMessage[]>();
  const drafts = new Map<number, ShownDraft[]>();
  const states = new Map<number, ChatState>();
  const lastIds = new Map<number, number>();
  const limit = createLimit(parts.limits);
  const nextId = (chat: number): number => {
    const id = (lastIds.get(chat) ?? 0) + 1;
    lastIds.set(chat, id);
    return id;
  };
  const open = (params: Params) => openChat(states, params);
  const post = (
    params: Params,
    text: string,
    entities: readonly Entity[],
    rich: boolean,
    file?: ShownMessage["file"],
  ): Params => {
    const { chat, thread } = open(params);
    const buttons = checkedKeyboard(params["reply_markup"]);
    const replyTo = repliedTo(params, lastIds.get(chat) ?? 0);
    limit.check(chat);
    const at = Date.now();
    const message: ShownMessage = {
      id: nextId(chat),
      chat,
      thread,
      replyTo,
      text,
      entities,
      buttons,
      rich,
      ...(file === undefined ? {} : { file }),
      edits: 0,
      at,
      changedAt: at,
    };
    messages.set(chat, [...(messages.get(chat) ?? []), message]);
    drafts.delete(chat);
    parts.changed();
    return onWire(message, parts.bot);
  };
  const edit = (params: Params): Params => {
    const { chat } = open(params);
    const id = whole(params["message_id"]);
    const known = messages.get(chat) ?? [];
    const before = known.find((message) => message.id === id);
    if (!before) throw bad("message to edit not found");
    const now = contentOf(params);
    limit.take(chat);
    if (same(before, now)) throw bad(unchanged);
    const after: ShownMessage = { ...before, ...now, edits: before.edits + 1, changedAt: Date.now() };
    messages.set(
      chat,
      known.map((message) => (message.id === id ? after : message)),
    );
    parts.changed();
    return { ...onWire(after, parts.bot), edit_date: Math.floor(after.changedAt / 1_000) };
  };
  const draft = (params: Params): true => {
    const { chat, thread } = open(params);
    const id = whole(params["draft_id"]) ?? 0;
    if (chat <= 0) throw bad("message drafts can be sent only to private chats");
    if (id === 0) throw bad("DRAFT_ID_INVALID");
    const text = params["text"] === "" ? "" : checkedText(params["text"]);
    checkedEntities(text, params["entities"]);
    limit.take(chat);
    const known = drafts.get(chat) ?? [];
    const updates = (known.find((each) => each.id === id)?.updates ?? 0) + 1;
    const shown = { id, thread, text, canStop: params["can_stop"] === true, updates, at: Date.now() };
    drafts.set(chat, [...known.filter((each) => each.id !== id), shown]);
    parts.changed();
    return true;
  };
  const remove = (params: Params): true => {
    const { chat } = open(params);
    const known = messages.get(chat) ?? [];
    const rest = known.filter((message) => message.id !== whole(params["message_id"]));
    if (rest.length === known.length) throw bad("message to delete not found");
    messages.set(chat, rest);
    parts.changed();
    return true;
  };
  const upload = (kind: string) => (params: Params) => {
    const file = params[kind];
    if (!isUpload(file)) throw bad(`there is no ${kind} in the request`);
    if (file.bytes.length === 0) throw bad("file must be non-empty");
    if (kind === "photo" && !/^(?:\x89PNG|\xff\xd8)/.test(file.bytes.toString("latin1", 0, 4))) throw bad("IMAGE_PROCESS_FAILED");
    const caption = params["caption"];
    return post(params, typeof caption === "string" ? caption : "", [], false, { kind, name: file.name, bytes: file.bytes });
  };
  return {
    messages,
    drafts: (chat) => (drafts.get(chat) ?? []).filter(({ at }) => Date.now() - at < draftMs),
    received: nextId,
    set(chat, state) {
      states.set(chat, { ...states.get(chat), ...state });
    },
    methods: {
      sendMessage(params) {
        const text = checkedText(params["text"]);
        return post(params, text, checkedEntities(text, params["entities"]), false);
      },
      sendRichMessage(params) {
        const text = checkedRich(params);
        if (text === null) throw bad("rich message is empty");
        return post(params, text, [], true);
      },
      sendPhoto: upload("photo"),
      sendDocument: upload("document"),
      sendVoice: upload("voice"),
      sendAudio: upload("audio"),
      sendVideo: upload("video"),
      editMessageText: edit,
      ...(parts.drafts ? { sendMessageDraft: draft } : {}),
      deleteMessage: remove,
      sendChatAction(params) {
        open(params);
        if (typeof params["action"] !== "string") throw bad("wrong parameter action in request");
        return true;
      },
    },
  };
}

function isUpload(value: unknown): value is Upload {
  return typeof value === "object" && value !== null && "bytes" in value && Buffer.isBuffer(value.bytes);
}

const unchanged =
  "message is not modified: specified new message content and reply markup are exactly the same " +
  "as a current content and reply markup of the message";

/** The chat of a request, when the bot may write there. */
function openChat(
  states: ReadonlyMap<number, ChatState>,
  params: Params,
): { readonly chat: number; readonly thread: number | null } {
  const chat = whole(params["chat_id"]);
  if (chat === undefined) throw bad("chat_id is empty");
  const state = states.get(chat) ?? {};
  if (state.unknown === true) throw bad("chat not found");
  if (state.blocked === true) {
    throw new Refusal(403, chat > 0 ? "Forbidden: bot was blocked by the user" : "Forbidden: bot was kicked from the group chat");
  }
  if (state.migratedTo !== undefined) {
    const parameters = { migrate_to_chat_id: state.migratedTo };
    throw new Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", parameters);
  }
  const thread = whole(params["message_thread_id"]) ?? null;
  // The general topic has no id to send to.
  const closed = params["action"] === undefined && thread === 1;
  if (thread !== null && (closed || state.deletedThreads?.includes(thread))) throw bad("message thread not found");
  return { chat, thread };
}

function repliedTo(params: Params, lastId: number): number | null {
  const parameters = record(params["reply_parameters"]);
  const to = whole(parameters["message_id"]);
  if (to === undefined) return null;
  if (to >= 1 && to <= lastId) return to;
  if (parameters["allow_sending_without_reply"] === true) return null;
  throw bad("message to be replied not found");
}

type Content = Pick<ShownMessage, "text" | "entities" | "buttons" | "rich">;

function contentOf(params: Params): Content {
  const markdown = checkedRich(params);
  const text = markdown ?? checkedText(params["text"]);
  const entities = markdown === null ? checkedEntities(text, params["entities"]) : [];
  return { text, entities, buttons: checkedKeyboard(params["reply_markup"]), rich: markdown !== null };
}

function same(one: Content, other: Content): boolean {
  const shape = ({ text, entities, buttons, rich }: Content): string => JSON.stringify([text, entities, buttons, rich]);
  return shape(one) === shape(other);
}

function onWire(message: ShownMessage, bot: Params): Params {
  const { id, chat, thread, text, entities, buttons } = message;
  const keyboard = { inline_keyboard: buttons.map(({ label, data }) => [{ text: label, callback_data: data }]) };
  return {
    message_id: id,
    from: bot,
    chat: wireChat(chat),
    date: Math.floor(message.at / 1_000),
    text,
    ...(thread === null ? {} : { message_thread_id: thread, is_topic_message: true }),
    ...(entities.length === 0 ? {} : { entities }),
    ...(buttons.length === 0 ? {} : { reply_markup: keyboard }),
  };
}

const supergroupsBelow = -1_000_000_000_000;

/** A chat as updates and messages name it: people have positive ids. */
export function wireChat(chat: number, name = "Test"): Params {
  if (chat > 0) return { id: chat, type: "private", first_name: name };
  return { id: chat, type: chat < supergroupsBelow ? "supergroup" : "group", title: "Team" };
}
