import { literal } from "../core/markdown.ts";
import type { MemoryPlace, MemoryView, ShownEntry } from "../core/memory.ts";
import { withoutHidden } from "../core/threats.ts";
import { command } from "./command.ts";

export const memory = command({
  name: "memory",
  aliases: [],
  argument: {},
  role: "member",
  async run({ args, kind, ports: { memories } }) {
    const [, place, rest = ""] = /^(team\b)?\s*([\s\S]*)$/i.exec(args) ?? [];
    const at: MemoryPlace = place === undefined ? "here" : "team";
    const [, word = "", which = ""] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
    switch (word.toLowerCase()) {
      case "":
      case "show":
        return shown(await memories.show(at));
      case "forget":
        return await memories.forget(at, which);
      case "export":
        return await memories.export(at);
      case "undo":
        return await memories.undo(at, /^\d{1,15}$/.test(which) ? Number(which) : null);
      case "share":
      case "hide":
        return at === "team" ? everybodys : await memories.share(which, word.toLowerCase() === "share");
      default:
        return usage(kind === "private");
    }
  },
});

const everybodys = "The team's memory is everybody's already. `/memory share NUMBER` is for your own, in our private chat.";

function shown({ scope, entries, use }: MemoryView): string {
  const heading = {
    person: "What I remember for you",
    team: "What I remember for the whole team",
    chat: "What I remember for this chat",
  }[scope];
  if (entries.length === 0) return `${nothing[scope]}\n\n${usage(scope === "person")}`;
  const files = entries.map(({ target }) => target);
  const lines = entries.flatMap((entry, index) =>
    scope === "person" && files[index - 1] !== entry.target ? ["", titles[entry.target], "", line(entry)] : [line(entry)],
  );
  return [
    `**${heading}** (${use.join("; ")})`,
    ...(scope === "person" ? [] : [""]),
    ...lines,
    "",
    usage(scope === "person"),
  ].join("\n");
}

const nothing = {
  person: "I remember nothing of you yet. Tell me what I should, or let me find out as we work.",
  team: "The team's memory is empty. An owner or admin can have me remember something for the whole team.",
  chat: "I remember nothing for this chat yet.",
};

const titles = { memory: "*Notes*", user: "*About you*" };

function line({ number, text, blocked, visible }: ShownEntry): string {
  const flat = literal(withoutHidden(text).replaceAll(/\s*\n\s*/g, " / "));
  const marks = [visible ? " 👁" : "", blocked === null ? "" : ` ⚠️ *kept out of my prompts: ${literal(blocked)}*`].join("");
  return `${number}. ${flat}${marks}`;
}

function usage(own: boolean): string {
  const sharing = own ? " `/memory share NUMBER` lets me know one in shared chats where you write (👁), `hide` ends that." : "";
  return `\`/memory forget NUMBER\` takes one away, \`/memory undo\` brings the last back, \`/memory export\` sends files, \`/memory team\` is everybody's.${sharing}`;
}
