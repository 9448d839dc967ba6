import type { WholeLanguage } from "./language.ts";

export const en: WholeLanguage = {
  code: "en",
  name: "English",
  commands: {
    start: { line: "Say hello and what I can do" },
    help: { line: "List the commands, or tell more of one", argument: "A command" },
    new: { line: "Begin a new conversation" },
    stop: { line: "Stop what I am doing here" },
    approve: { line: "Allow what I ask for: once, session or always", argument: "once, session or always" },
    deny: { line: "Refuse what I ask for" },
    approvals: { line: "Show what I may do without asking, or take it back", argument: "revoke NUMBER, or revoke all" },
    insights: { line: "Show what was asked, and how fast and how well the model worked", argument: "[days] [platform]" },
    model: { line: "Show the model, or switch to another one", argument: "A model's name or number, or default" },
    status: { line: "Show what I am doing, and with what" },
    sandbox: { line: "Show where commands run, why, and within what limits" },
    retry: { line: "Ask your last request again" },
    compress: { line: "Shorten this conversation to a summary and its newest part", argument: "What is to be kept above all" },
  },
  help: {
    inPrivate: "Write to me in your own words.",
    inShared: "In a group I answer when you mention me, reply to me or use a command.",
    more: "/help NAME tells more of one. The beginning of a name is enough.",
    aliases: "Also",
    unknown: (name) => `I don't know /${name}. /help lists what I understand.`,
    ambiguous: (name, among) => `/${name} could be ${among.map((each) => `/${each}`).join(", ")}. Which one?`,
    forbidden: (name) => `Only an owner or an admin can use /${name}.`,
    busy: (name) => `I am working on a request here. Use /${name} when that is done, or /stop it first.`,
  },
};
