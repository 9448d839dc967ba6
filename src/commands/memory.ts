import { literal } from "../core/markdown.ts";
import type { MemoryPlace, MemoryView, ShownEntry } from "../core/memory.ts";
import { withoutHidden } from "../core/threats.ts";
import type { Language } from "../core/language.ts";
import { command } from "./command.ts";

type Words = Language["replies"]["memory"];

export const memory = command({
  name: "memory",
  aliases: [],
  argument: {},
  role: "member",
  whole: true,
  async run({ args, kind, language, ports: { memories } }) {
    const { memory: words } = language.replies;
    const [, place, rest = ""] = /^(team\b)?\s*([\s\S]*)$/i.exec(args) ?? [];
    const at: MemoryPlace = place === undefined ? "here" : "team";
    const [, word = "", which = ""] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
    switch (word.toLowerCase()) {
      case "":
      case "show":
        return shown(await memories.show(at), words);
      case "forget":
        return await memories.forget(at, which);
      case "export":
        return await memories.export(at);
      case "undo":
        return await memories.undo(at, /^\d{1,15}$/.test(which) ? Number(which) : null);
      case "share":
      case "hide":
        return at === "team" ? words.everybodys : await memories.share(which, word.toLowerCase() === "share");
      default:
        return words.usage(kind === "private");
    }
  },
});

function shown({ scope, entries, use }: MemoryView, words: Words): string {
  if (entries.length === 0) return `${words.nothing[scope]}\n\n${words.usage(scope === "person")}`;
  const files = entries.map(({ target }) => target);
  const lines = entries.flatMap((entry, index) =>
    scope === "person" && files[index - 1] !== entry.target
      ? ["", `*${words.titles[entry.target]}*`, "", line(entry, words)]
      : [line(entry, words)],
  );
  return [
    `**${words.heads[scope]}** (${use.join("; ")})`,
    ...(scope === "person" ? [] : [""]),
    ...lines,
    "",
    words.usage(scope === "person"),
  ].join("\n");
}

function line({ number, text, blocked, visible }: ShownEntry, words: Words): string {
  const flat = literal(withoutHidden(text).replaceAll(/\s*\n\s*/g, " / "));
  const marks = [visible ? " 👁" : "", blocked === null ? "" : ` ⚠️ *${words.keptOut(literal(blocked))}*`].join("");
  return `${number}. ${flat}${marks}`;
}
