import type { Replies } from "../../core/replies.ts";

/** What the commands answer in English. */
export const replies: Replies = {
  duration(ms) {
    const { seconds, minutes, hours } = units(ms);
    if (seconds < 60) return `${seconds} s`;
    if (minutes < 60) return `${minutes} min`;
    return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
  },
  roles: { owner: "owner", admin: "admin", member: "member", guest: "guest" },
  asConfigured: "as configured",
  agents: {
    none: "Nothing runs beside this conversation. `/background WHAT TO DO` begins a task.",
    noneToStop: "Nothing runs beside this conversation.",
    usage: "`/agents stop NUMBER` stops one, `/agents stop all` all of them.",
    noNumber: (number) => `There is no number ${number}. /agents lists them.`,
    line: (name, person, about, at, time) => `${name}, for ${person}: ${about} (${at}, ${time})`,
    waiting: "waits for its turn",
    asking: "waits for an answer",
    working: (step, most, tool) => `step ${step}${most === null ? "" : ` of ${most}`}${tool === null ? "" : `, in ${tool}`}`,
    stopping: (tasks) => `I stop ${tasks.join(", ")}.`,
  },
  approve: { say: "Say /approve, /approve session or /approve always." },
  approvals: {
    none: "Nothing is allowed for longer than once here: I ask each time.",
    head: "Without asking I may run what",
    usage: "`/approvals revoke NUMBER` takes one back, `/approvals revoke all` all of yours. Then I ask again.",
    nothingOwn: "Nothing was allowed to you for longer.",
    noNumber: (number) => `There is no number ${number} for you to take back. /approvals lists them.`,
    takenBack: (count) =>
      count === 1 ? "Taken back. I ask again from now on." : `All ${count} are taken back. I ask again from now on.`,
    grant({ number, does, class: name, backend, person, shared, passing, by, on }) {
      const whose = person === null ? "" : `, for ${person}`;
      const chat = shared === null ? "" : ` in a shared chat (${shared})`;
      const term = passing ? "until that conversation ends" : "always";
      const giver = by === "" ? "" : ` by ${by}`;
      return `${number}: ${does} (${name}, ${backend})${whose}${chat}; ${term}, allowed${giver} on ${on}`;
    },
    unknownKind: "is of a kind that I know no more",
  },
  background: {
    say: "Say what to do: `/background WHAT TO DO`. The answer comes here when it is done.",
    files: "Files can't go along with a background task. Send them by themselves first, then say what to do with them.",
    enough: "You have ten background tasks already. Wait for one, or stop one: /agents lists them.",
    begun: (number) => `Background task ${number} has begun. Its answer comes here; \`/agents stop ${number}\` stops it.`,
  },
  btw: {
    say: "Ask what: `/btw QUESTION` is answered beside this conversation, which goes on without it.",
    files: "Files can't go along with a side question. Send them by themselves first, then ask about them.",
  },
  branch: {
    none: "There is no conversation here yet to branch off from.",
    done: "We go on with a copy of this conversation. `/resume` takes you back to the one before.",
  },
  busy: {
    say: "Say `/busy steer`, `/busy queue`, `/busy interrupt` or `/busy auto`.",
    now: (mode) => `Messages while I work: ${mode}. \`/busy steer\`, \`queue\` or \`interrupt\`; \`auto\` is as configured.`,
    chosen(mode) {
      if (mode === null) return "Messages while I work are taken as configured again.";
      const what = {
        steer: "reach me at my next step",
        queue: "wait for their turn",
        interrupt: "stop what I am doing",
      }[mode];
      return `Messages while I work ${what}, in this chat.`;
    },
  },
  compress: {
    nothing: "There is nothing to shorten: this conversation has not begun.",
    begun: "I shorten this conversation now; reading all of it may take a minute.",
    after_turn: "I am working on a request. I shorten this conversation as soon as that is done, before the next one.",
    already: "I have been asked for that already, and say when it is done.",
  },
  footer: {
    say: "Say `/footer on`, `/footer off` or `/footer auto`.",
    auto: "The line below answers is as configured again.",
    on: "Answers in this chat end in a line about the model and their time.",
    off: "Answers in this chat end without that line.",
  },
  memory: {
    heads: {
      person: "What I remember for you",
      team: "What I remember for the whole team",
      chat: "What I remember for this chat",
    },
    nothing: {
      person: "I remember nothing of you yet. Tell me what I should, or let me find out as we work.",
      team: "The team's memory is empty. An owner or admin can have me remember something for the whole team.",
      chat: "I remember nothing for this chat yet.",
    },
    titles: { memory: "Notes", user: "About you" },
    keptOut: (why) => `kept out of my prompts: ${why}`,
    usage(own) {
      const sharing = own
        ? " `/memory share NUMBER` lets me know one in shared chats where you write (👁), `hide` ends that."
        : "";
      return `\`/memory forget NUMBER\` takes one away, \`/memory undo\` brings the last back, \`/memory export\` sends files, \`/memory team\` is everybody's.${sharing}`;
    },
    everybodys: "The team's memory is everybody's already. `/memory share NUMBER` is for your own, in our private chat.",
    which: "Say which: its number in `/memory`, or a part of its text.",
    noText: "No entry has that text. `/memory` lists them.",
    noNumber: (number) => `There is no number ${number}. \`/memory\` lists them.`,
    several: (count) => `${count} entries have that text:`,
    notYours: "The team's memory is not yours to change. Ask an owner or admin.",
    forgotten: (entry) =>
      `Forgotten: ${entry}\n\n\`/memory undo\` brings it back. A conversation that has begun may still know it; \`/new\` begins one that does not.`,
    nothingToExport: "There is nothing to export yet.",
    exported: "Here is what I remember. A line with only § stands between two entries.",
    inPrivate: "Tell me that in our private chat: what others may know of you is yours alone to say.",
    shown: (entry, number) =>
      `When you write to me in a shared chat, I know there from now on: ${entry}\n\n\`/memory hide ${number}\` ends that.`,
    hidden: (entry) =>
      `No longer told to shared chats: ${entry}\n\nOne that has begun may still know it; \`/new\` there begins one that does not.`,
    nothingToUndo: "There is nothing of yours to take back here.",
    notUndone: {
      unknown: "That is not yours to take back.",
      late: "That was saved too long ago to take it back so. `/memory` lists what I remember, `/memory forget NUMBER` takes one away.",
      already: "That has been taken back already.",
      overwritten: "That entry has been changed since, so I leave it as it is. `/memory` lists what I remember.",
      full: "There is no room to bring that back. Make some with `/memory forget NUMBER` first.",
    },
    takenBack: "Taken back.",
    noMore: (entry) => `I no longer remember ${entry}.`,
    again: (entry) => `I remember ${entry} again.`,
  },
  model: {
    ruling: "Only an owner or an admin can change the model.",
    back: "This conversation goes back to the default model.",
    cold: "The next answer begins slowly: that model has yet to read the conversation.",
    usage:
      "`/model NAME` or its number switches this conversation, `/model NAME --global` everybody's, `/model default` goes back to the default.",
    current: (model, server, chosen) => `Model: ${model} at ${server}${chosen ? " (chosen for this conversation)" : ""}`,
    noServer: "No model server is set up; `hermes model` connects one.",
    currentMark: " (current)",
    cannotAsk: (server, why) => `${server} can't be asked: ${why}`,
    more: (count) => `… and ${count} more`,
    unknown: (name) => `There is no model ${name}.`,
    chosen: (model) => `This conversation uses ${model} from the next message on.`,
    isDefault: (model) => `${model} is the default model now.`,
  },
  reasoning: {
    now: (level, levels) => `How much I think before I answer here: ${level}. ${levels}, or \`auto\`.`,
    say: (levels) => `Say one of ${levels}, or \`auto\`.`,
    chosen: (level) =>
      level === null
        ? "I think as much as configured again, from the next message on."
        : `From the next message on I think with effort ${level} in this conversation, as far as the model can.`,
  },
  resume: {
    which: "Which one? `/sessions` lists them; then `/resume NUMBER` or `/resume TITLE`.",
    several: "Several are called so. `/sessions` lists them with numbers.",
    nothing: "There is no such conversation of yours to take up here. `/sessions` lists them.",
    goesOn: "We go on with that conversation.",
    goesOnWith: (title) => `We go on with ${title ?? "the untitled conversation"}.`,
  },
  sessions: {
    notFound: "No earlier conversation has that. Try fewer or other words.",
    none: (kind) =>
      kind === "shared"
        ? "There is no earlier conversation in this chat."
        : "You have no earlier conversation with me in private.",
    usage: "`/resume NUMBER` goes on with one of them, `/sessions search WORDS` looks in them.",
    usageFound: "The buttons go on with one of them, and so does `/resume` with its title.",
    untitled: "untitled",
    requests: (count) => `${count} ${count === 1 ? "request" : "requests"}`,
  },
  sethome: {
    done: (platform, kind) =>
      `Reports for ${platform}'s home arrive here from now on. ${kind === "private" ? "Only you read it." : "Everybody here reads it."}`,
  },
  status: {
    working: (time, step, tool) => `working for ${time}, step ${step}${tool === null ? "" : `, in ${tool}`}`,
    idle: "idle",
    now: (what, waiting) => `Now: ${what}${waiting > 0 ? `; ${waiting} waiting` : ""}`,
    beside(counts) {
      const words = { subagent: "subagent", background: "background task", run: "scheduled run" };
      return `Beside that: ${counts.map(([type, count]) => `${count} ${words[type]}${count === 1 ? "" : "s"}`).join(", ")} (/agents)`;
    },
    title: (title) => `Title: ${title}`,
    conversation: (entries, time) => `Conversation: ${entries} entries, began ${time} ago`,
    model: (model, server) => `Model: ${model} at ${server}`,
    sandbox: (sandbox) => `Sandbox: ${sandbox}`,
    you: (name, role) => `You: ${name}, ${role}`,
  },
  timezone: {
    none: "You have picked no time zone. `/timezone Europe/Berlin` picks one; new schedules use it.",
    now: (zone, time) => `${zone}; it is ${time} there. \`/timezone auto\` goes back to the usual one.`,
    auto: "Your time zone is the usual one again.",
    chosen: (zone, time) => `✓ ${zone}; it is ${time} there.`,
    locale: "en-GB",
  },
  title: {
    none: "This conversation has no title yet. `/title NAME` gives it one.",
    wanting: "A title needs letters or digits.",
    given: (title) => `This conversation is called ${title} now.`,
    noTalk: "There is no conversation here yet. Write to me first.",
  },
  usage: {
    nothing: "This conversation has used nothing yet.",
    requests: (requests, calls) => `Requests: ${requests}, model calls: ${calls}`,
    read: (tokens, cached) => `Tokens read: ${tokens}, of them ${cached} from the server's cache`,
    written: (tokens) => `Tokens written: ${tokens}`,
    newest: (tokens) => `Newest prompt: ${tokens} tokens`,
    window: (bar, percent, tokens, window) => `Window: ${bar} ${percent} % (${tokens} of ${window} tokens)`,
  },
  verbose: {
    auto: "Tools are shown as configured again.",
    say: "Say `/verbose off`, `/verbose new`, `/verbose all` or `/verbose auto`.",
    chosen: {
      off: "I don't show my tools in this chat while I work.",
      new: "While I work I show a tool when I begin to use it, in this chat.",
      all: "While I work I show each call of a tool, in this chat.",
    },
  },
  whoami: {
    chat: (platform, kind) => `${platform}, ${kind === "private" ? "a private chat" : "a shared chat"}`,
    usualZone: "the usual time zone",
  },
};

function units(ms: number): { readonly seconds: number; readonly minutes: number; readonly hours: number } {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const minutes = Math.round(seconds / 60);
  return { seconds, minutes, hours: Math.floor(minutes / 60) };
}
