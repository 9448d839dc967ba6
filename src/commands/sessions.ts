import type { OutboundButton } from "../core/outbound.ts";
import { literal, plainWords } from "../core/markdown.ts";
import type { OwnSession } from "../core/sessions.ts";
import { command } from "./command.ts";

export const sessions = command({
  name: "sessions",
  aliases: ["history"],
  argument: {},
  role: "member",
  async run({ args, kind, ports }) {
    const zone = (await ports.personal.settings()).timezone;
    const words = args.replace(/^(?:search|all)(?:\s+|$)/i, "").slice(0, mostWords);
    const found = await ports.sessions.list(words, words === "" ? mostListed : mostFound);
    if (found.length === 0) return words === "" ? none(kind) : "No earlier conversation has that. Try fewer or other words.";
    const lines = found.map((each, index) => lineOf(each, index + 1, zone));
    return { markdown: [...lines, "", usage(words)].join("\n"), buttons: found.slice(0, mostButtons).map(button) };
  },
});

const mostListed = 10;
const mostFound = 5;
const mostButtons = 5;
/** More is no search. */
const mostWords = 200;
const labelChars = 24;

function usage(words: string): string {
  return words === ""
    ? "`/resume NUMBER` goes on with one of them, `/sessions search WORDS` looks in them."
    : "The buttons go on with one of them, and so does `/resume` with its title.";
}

function none(kind: "private" | "shared"): string {
  return kind === "shared"
    ? "There is no earlier conversation in this chat."
    : "You have no earlier conversation with me in private.";
}

function lineOf({ title, at, requests, line }: OwnSession, number: number, zone: string | null): string {
  const head = `${number}. ${plainWords(title ?? "untitled")}, ${clock(at, zone)}, ${requests} ${requests === 1 ? "request" : "requests"}`;
  return line === undefined ? head : `${head}  \n   ${literal(line)}`;
}

function button({ id, title }: OwnSession, index: number): OutboundButton {
  const name = title ?? "untitled";
  const short = name.length <= labelChars ? name : `${name.slice(0, labelChars - 1).toWellFormed()}…`;
  return { label: `${index + 1}. ${short}`, data: `/resume ${id}` };
}

/** E.g. `2026-03-01 09:30`; where the person has picked no zone, the one it is told in is named. */
function clock(at: Date, zone: string | null): string {
  const told = at.toLocaleString("sv", { timeZone: zone ?? "UTC", dateStyle: "short", timeStyle: "short" });
  return zone === null ? `${told} UTC` : told;
}
