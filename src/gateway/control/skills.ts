import { unhidden } from "../../core/markdown.ts";
import type { ControlReply } from "../control-socket.ts";
import type { SkillDesk } from "../skills/call.ts";
import { runSkills } from "../skills/desk.ts";

/** `hermes skills …`: the same as `/skills`, for whoever runs the service. The first argument is `json` or `text`. */
export async function skillsControl(desk: SkillDesk, [form = "text", ...args]: readonly string[]): Promise<ControlReply> {
  const visitor = { person: null, viewer: { person: null }, chat: null, shared: false, replyTo: null };
  const { ok, text, data } = await runSkills(desk, visitor, args.join(" "));
  return { ok, text: form === "json" ? JSON.stringify(data, null, 2) : plain(text) };
}

/** Markdown as a terminal reads it. */
function plain(text: string): string {
  return unhidden(text)
    .replaceAll(/\\([\\`*_[\]<>#|~])/g, "$1")
    .replaceAll("**", "")
    .replaceAll(/`?\/skills /g, (found) => (found.startsWith("`") ? "`hermes skills " : "hermes skills "))
    .replaceAll(/^```\w*\n?/gm, "")
    .replaceAll(/`([^`\n]*)`/g, "$1");
}
