import type { OutboundButton } from "../core/outbound.ts";
import type { Language } from "../core/language.ts";
import { literal, plainWords } from "../core/markdown.ts";
import type { OwnSession } from "../core/sessions.ts";
import { command } from "./command.ts";

export const sessions = command({
  name: "sessions",
  aliases: ["history"],
  argument: {},
  role: "member",
  async run({ args, kind, ports, language }) {
    const { sessions: said } = language.replies;
    const zone = (await ports.personal.settings()).timezone;
    const words = args.replace(/^(?:search|all)(?:\s+|$)/i, "").slice(0, mostWords);
    const found = await ports.sessions.list(words, words === "" ? mostListed : mostFound);
    if (found.length === 0) return words === "" ? said.none(kind) : said.notFound;
    const lines = found.map((each, index) => lineOf(each, index + 1, zone, said));
    return { markdown: [...lines, "", words === "" ? said.usage : said.usageFound].join("\n"), buttons: buttons(found, said) };
  },
});

type Words = Language["replies"]["sessions"];

const mostListed = 10;
const mostFound = 5;
const mostButtons = 5;
/** More is no search. */
const mostWords = 200;
const labelChars = 24;

function lineOf({ title, at, requests, line }: OwnSession, number: number, zone: string | null, said: Words): string {
  const head = `${number}. ${plainWords(title ?? said.untitled)}, ${clock(at, zone)}, ${said.requests(requests)}`;
  return line === undefined ? head : `${head}  \n   ${literal(line)}`;
}

function buttons(found: readonly OwnSession[], { untitled }: Words): readonly OutboundButton[] {
  return found.slice(0, mostButtons).map(({ id, title }, index) => {
    const name = title ?? untitled;
    const short = name.length <= labelChars ? name : `${name.slice(0, labelChars - 1).toWellFormed()}…`;
    return { label: `${index + 1}. ${short}`, data: `/resume ${id}` };
  });
}

/** E.g. `2026-03-01 09:30`; where the person has picked no zone, the one it is told in is named. */
function clock(at: Date, zone: string | null): string {
  const told = at.toLocaleString("sv", { timeZone: zone ?? "UTC", dateStyle: "short", timeStyle: "short" });
  return zone === null ? `${told} UTC` : told;
}
