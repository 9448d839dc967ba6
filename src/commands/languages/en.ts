import type { WholeLanguage } from "./language.ts";
import { replies } from "./en-replies.ts";
import { spoken } from "./en-spoken.ts";

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
    memory: {
      line: "Show what I remember, forget one, undo or export",
      argument: "forget NUMBER, undo, export, share NUMBER, team",
    },
    status: { line: "Show what I am doing, and with what" },
    sandbox: { line: "Show where commands run, why, and within what limits" },
    agents: { line: "Show subagents and background tasks, or stop one", argument: "stop NUMBER, or stop all" },
    background: { line: "Do something beside this conversation; the answer comes here", argument: "What to do" },
    retry: { line: "Ask your last request again" },
    compress: { line: "Shorten this conversation to a summary and its newest part", argument: "What is to be kept above all" },
    cron: {
      line: "Have something done at a time, or again and again",
      argument: 'add "0 9 * * *" …, list, show, pause, resume, run, edit, remove, history',
    },
    timezone: { line: "Show or pick your time zone", argument: "Europe/Berlin, or auto" },
    whoami: { line: "Show who you are to me" },
    sessions: { line: "List earlier conversations, or search them", argument: "search WORDS" },
    resume: { line: "Go on with an earlier conversation", argument: "Its number or title" },
    title: { line: "Show or change this conversation's title", argument: "The new title" },
    branch: { line: "Go on with a copy of this conversation", argument: "A title for the copy" },
    undo: { line: "Take back your last request and its answer" },
    btw: { line: "Ask something beside this conversation", argument: "The question" },
    queue: { line: "Ask something that waits for its turn", argument: "The request" },
    steer: { line: "Tell me something at my next step", argument: "What to tell" },
    busy: { line: "What happens here to messages while I work", argument: "steer, queue, interrupt or auto" },
    verbose: { line: "How much I show of my tools here", argument: "off, new, all or auto" },
    footer: { line: "Switch the line below answers here", argument: "on, off or auto" },
    reasoning: { line: "How much I think before I answer here", argument: "none, minimal, low, medium, high, xhigh or auto" },
    usage: { line: "Show what this conversation has used, and how full its window is" },
    sethome: { line: "Make this chat the place for reports" },
    version: { line: "Show the version" },
    debug: { line: "Show facts for a report of a fault" },
    skills: { line: "List, find, install and look after skills", argument: "search WORDS, install NAME, view NAME, pending …" },
    skill: { line: "Do something the way a skill says", argument: "The skill's name, then the request" },
    language: { line: "The language of the help and of short answers", argument: "en, zh or auto" },
  },
  help: {
    inPrivate: "Write to me in your own words.",
    inShared: "In a group I answer when you mention me, reply to me or use a command.",
    more: "/help NAME tells more of one. The beginning of a name is enough.",
    aliases: "Also",
    unknown: (name) => `I don't know /${name}. /help lists what I understand.`,
    ambiguous: (name, among) => `/${name} could be ${among.map((each) => `/${each}`).join(", ")}. Which one?`,
    forbidden: (name) => `Only an owner or an admin can use /${name}.`,
    asClient: "as your app has it",
    languageAuto: "The help speaks your app's language from now on.",
    noLanguage: "I can do",
    busy: (name) => `I am working on a request here. Use /${name} when that is done, or /stop it first.`,
  },
  answers: {
    hello: (name, where) =>
      `Hello ${name}. I run commands and read and write files in a sandbox, and I remember what matters to you. ${
        where === "shared" ? "In a group, mention me or reply to me." : "Just write to me."
      } /help lists the commands.`,
    begun: "A new conversation begins. What I saved in memory stays.",
    shorteningStopped: "I stopped shortening this conversation; it stays as it was.",
    dropped: (count) =>
      count === 1 ? "I dropped the message that was waiting." : `I dropped the ${count} messages that were waiting.`,
    nothingRuns: (beside) =>
      beside === 0
        ? "Nothing is running here."
        : `Nothing is running here. ${beside === 1 ? "A background task is" : `${beside} background tasks are`}: /agents lists and stops them.`,
    nothingToRetry: "There is nothing to ask again yet. Send me a request first.",
    queueWhat: "Say what: `/queue REQUEST` is answered when the running one is done.",
    comesNext: "That comes next.",
    steerWhat: "Say what: `/steer WORDS` reaches what I am doing at its next step.",
    steered: "I take that in at my next step.",
    nothingToUndo: "There is nothing to take back in this conversation.",
    undoSummarised: "That request is already part of a summary; it can't be taken out of it. /new begins afresh.",
    undoOthers: "The newest request is somebody else's: they can take it back, or an admin.",
    undone: (request) => `Taken back: ${request}\nWhat it has done to files or elsewhere stays done.`,
  },
  replies,
  ...spoken,
};
