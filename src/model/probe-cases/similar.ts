import type { ToolSpec } from "../../core/model.ts";
import { call, type Family, type Five, like, said } from "./case.ts";

/** A tool that exists for the probe only. */
export function made(name: string, description: string, properties: Readonly<Record<string, unknown>>): ToolSpec {
  const required = Object.keys(properties);
  return { name, description, parameters: { type: "object", properties, required, additionalProperties: false } };
}

const text = { type: "string" };

/** Eight that are easily mistaken for each other. */
const similar: readonly ToolSpec[] = [
  made("delete_message", "Delete one chat message.", { id: text }),
  made("draft_email", "Write an e-mail into the drafts folder, without sending it.", { to: text, subject: text, body: text }),
  made("find_contact", "Look up a person's addresses.", { name: text }),
  made("find_messages", "Search the text of all chat messages.", { query: text }),
  made("list_messages", "List the latest chat messages of one person.", { from: text }),
  made("schedule_message", "Send a chat message at a later time.", { to: text, text, at: text }),
  made("send_email", "Send an e-mail at once.", { to: text, subject: text, body: text }),
  made("send_message", "Send a chat message at once.", { to: text, text }),
];

const notes: Five<string> = ["lunch at noon", "the build is green", "I am late", "please call me", "the key is at the desk"];
const subjects: Five<string> = ["Budget", "Summer party", "New printer", "Office move", "Travel costs"];
const sought: Five<string> = ["invoice", "parking", "holiday", "password", "bicycle"];

/** The right one of eight look-alikes. */
export const choices: readonly Family[] = [
  (variant) => ({
    name: "send now, not later",
    messages: [said(`Send Anna a chat message right now. It should say: ${notes[variant]}`)],
    tools: similar,
    expected: call("send_message", { to: like(/anna/i), text: like(new RegExp(notes[variant], "i")) }),
  }),
  (variant) => ({
    name: "draft, not send",
    messages: [
      said(
        `Put an e-mail to tom@example.com into my drafts, don't send it. Subject: ${subjects[variant]}. Text: Details follow.`,
      ),
    ],
    tools: similar,
    expected: call("draft_email", {
      to: like(/tom@example\.com/),
      subject: like(new RegExp(subjects[variant], "i")),
      body: like(/details follow/i),
    }),
  }),
  (variant) => ({
    name: "search, not list",
    messages: [said(`Search all chat messages for the word "${sought[variant]}".`)],
    tools: similar,
    expected: call("find_messages", { query: like(new RegExp(sought[variant], "i")) }),
  }),
];
