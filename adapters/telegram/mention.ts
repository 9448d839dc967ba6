import type { Message, MessageEntity } from "grammy/types";

/** Who we are to Telegram. */
export interface Self {
  readonly id: number;
  readonly username: string;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** A message's text without our name, and whether it is meant for us: a mention, a reply to us, a command that is not another bot's. */
export function readAddress(message: Message, self: Self): { readonly text: string; readonly addressed: boolean } {
  const text = message.text ?? message.caption ?? "";
  const command = /^\/(\w+)(?:@(\w+))?(?=\s|$)/.exec(text);
  const target = command?.[2];
  if (target !== undefined && !sameName(target, self)) return { text, addressed: false };
  const mentions = ourMentions(text, message.entities ?? message.caption_entities ?? [], self);
  const plain = command && target !== undefined ? `/${command[1]}${text.slice(command[0].length)}` : without(text, mentions);
  return { text: plain, addressed: command !== null || mentions.length > 0 || repliesToUs(message, self) };
}

/** The other bots that it names, in small letters: one may be us, under a name that we were given while we ran. Bots' names end so. */
export function botsNamed({ text, caption }: Message, self: Self): readonly string[] {
  const names = [...(text ?? caption ?? "").matchAll(/@(\w{2,29}bot)\b/gi)].map((match) => match[1] ?? "");
  return names.filter((name) => !sameName(name, self)).map((name) => name.toLowerCase());
}

function ourMentions(text: string, entities: readonly MessageEntity[], self: Self): Range[] {
  // Servers of the same API may leave entities out; Telegram's never does.
  if (entities.length === 0) {
    const found = [...text.matchAll(/(?<![\w@/])@(\w{3,32})\b/g)].filter((match) => sameName(match[1] ?? "", self));
    return found.map((match) => ({ from: match.index, to: match.index + match[0].length }));
  }
  const ours = entities.filter((each) => {
    if (each.type === "text_mention") return each.user.id === self.id;
    return each.type === "mention" && sameName(text.slice(each.offset + 1, each.offset + each.length), self);
  });
  return ours.map((each) => ({ from: each.offset, to: each.offset + each.length }));
}

/** Takes the ranges out, with the space or comma that set them off. A message that is nothing else stays as it is. */
function without(text: string, ranges: readonly Range[]): string {
  let rest = text;
  for (const { from, to } of ranges.toReversed()) {
    const before = rest.slice(0, from).replace(/[ \t]+$/, "");
    const after = rest.slice(to);
    rest = before === "" ? after.replace(/^[\s,:;]+/, "") : before + after;
  }
  return rest.trim() === "" ? text : rest;
}

/** The first message of a forum topic counts as a reply to the topic's creation, which says nothing. */
function repliesToUs(message: Message, self: Self): boolean {
  const replied = message.reply_to_message;
  return replied?.from?.id === self.id && replied.forum_topic_created === undefined;
}

function sameName(name: string, self: Self): boolean {
  return name.toLowerCase() === self.username.toLowerCase();
}
