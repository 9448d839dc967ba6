import { type ActionBackend, classLabels } from "../../core/approval.ts";
import type { Sized, Spoken } from "../../core/spoken.ts";

/** What is said in English beside the commands. */
export const spoken: Spoken = {
  asking: {
    leave: { once: "Once", session: "This session", always: "Always", deny: "Deny" },
    does: classLabels,
    found: (does) => `It ${listed(does)}.`,
    mayI(kind, person, backend, directory) {
      const what = { run: "run this", write: "write this file", send: "send to this chat", call: "make this call" }[kind];
      return `**May I ${what}?** For ${person}, ${places[backend]}, in ${directory}:`;
    },
    because: (why) => `Asked because ${why}.`,
    doubts: {
      no_model: "there is no model that could judge it",
      too_long: "it is too long to be judged",
      not_whole: "the judging model gave no whole answer",
      failed: "the judging model failed",
      late: "the judging model took too long",
      no_answer: "the judging model gave no answer",
      unclear: "the judging model gave no clear answer",
      unsure: "the judging model is not sure",
    },
    goodFor: (ms) =>
      `Good for ${ms < 120_000 ? `${Math.round(ms / 1_000)} seconds` : `${Math.round(ms / 60_000)} minutes`}; then it does not run.`,
    from: (name) => `*${name} asks:*`,
    orWords: "(Or answer in your own words.)",
    nobodyAnswered: "*Nobody answered in time.*",
    stopped: "*Stopped before an answer.*",
    answeredBy: (name) => `*Answered by ${name}.*`,
    nothingWaits: "Nothing waits for leave here.",
    onlyOnce: "This can be allowed only once: /approve or /deny.",
    onlyAsker: "Only the one who asked can answer this.",
    needs(least, another) {
      const roles = { owner: "an owner", admin: "an owner or admin", member: "somebody from the team" }[least];
      return another ? `This needs ${roles} other than the one who asked.` : `This needs ${roles}.`;
    },
    errands: { subagent: "Subagent", background: "Background task", aside: "Side question" },
  },
  access: {
    code: (code) =>
      `I don't know you yet. Your pairing code is \`${code}\`.\n\nThe owner lets you in with the button I sent them, or with \`hermes pairing approve ${code}\`. The code is good for an hour.`,
    wouldLike: (who, code) => `${who} would like to talk to me. Code: \`${code}\``,
    who: (name, platform, account) => `${name} (${platform} account ${account})`,
    letIn: "Let in",
    ignore: "Ignore",
    ignored: "Ignored. They were not told.",
    notYours: "Only an owner or an admin can let people in.",
    codeGone: "That code is used or has expired. They can write again to get a new one.",
    isIn: (name) => `${name} is in.`,
    welcome: "You're in. Just write what you need; /help shows what else I understand.",
    invited(name, role) {
      const what = role === "owner" ? "you own this bot now" : `you are in, as ${role}`;
      return `Hello ${name}, ${what}. Just write what you need; /help shows what else I understand.`;
    },
    ownsToo: (who) => `${who} owns this bot, too, by an invitation.`,
    guest: "You are known here, but not let in. Ask an owner of this bot.",
    shared: "I don't know you yet. Write to me in a private chat first, and an owner can let you in.",
    closed: "This bot is closed to new people. Ask its owner to add you.",
    full: "Too many people are waiting to be let in right now. Please try again in an hour.",
    codeSeen: "Everybody here has seen that code: it is no good any more. `hermes setup owner` makes another.",
    codeElsewhere:
      "That code makes an owner where the bot is reached from elsewhere: send it to the bot in Telegram, Discord or Slack.",
    codeLate: "That code was for the bot's first owner, and it has one by now. `hermes setup owner` makes another.",
  },
  progress: {
    reading: (done, total) => `Reading ${count(done)} of ${count(total)} tokens …`,
    queued(ahead, waitMs) {
      const place = ahead === 0 ? "you are next" : `${ahead} before you`;
      const wait = waitMs === null ? "" : `, about ${Math.max(1, Math.round(waitMs / 1_000))} s`;
      return `Waiting for the model: ${place}${wait} …`;
    },
    step: (step) => `, step ${step}`,
    asks: ", waits for an answer",
    stop: "Stop",
    notice: () => null,
  },
  endings: {
    nothing: "(There was nothing to say.)",
    stopped: "⏹ Stopped.",
    stoppedHere: "⏹ Stopped here.",
    didUntilThen: "What I did until then:",
    callsBefore: (calls) => `… and ${calls} calls before`,
    failed({ code, message, advice }) {
      const again = code === "internal" ? "Send /retry to ask again; the log has the details." : "Send /retry to ask again.";
      const what = code === "internal" ? "Something went wrong on my side." : sentence(message);
      return `⚠️ ${what} ${advice ?? again}`;
    },
    fileNotTaken: (path, _why, detail) => `I could not send ${path}: ${detail}`,
    fileNotSent(name, why, detail, place) {
      const said = why === "gone" ? "its bytes are gone" : why === "none_taken" ? "this platform takes none from me" : detail;
      return `I could not send ${name} here: ${said}.${place === "" ? "" : ` It is in the workspace as ${place}.`}`;
    },
    shortening: {
      done: (before, after) =>
        `I shortened this conversation from ${sized(before)} to ${sized(after)}. The newest part is still word for word; of the rest I have a summary.`,
      nothing: (now, window, kept) =>
        `There is nothing to shorten yet: this conversation has ${sized(now)}, the model's window holds ${count(window)}, and the newest ${kept} messages stay as they are.`,
      failed: ({ message, advice }) =>
        `I could not shorten this conversation: ${message}.${advice === null ? "" : ` ${advice}`} Nothing of it is lost: it stays as it is.`,
      failedItself: ({ message }) =>
        `This conversation is getting too long for the model, and shortening it failed: ${message}. Nothing of it is lost; I go on with all of it as long as it fits. /compress tries again, /new begins a fresh one.`,
    },
  },
  memory: {
    saved: (where, entry, before) => `Saved${where}: ${entry}${before === null ? "" : ` instead of ${before}`}`,
    forgotten: (where, entry) => `Forgotten${where}: ${entry}`,
    inFile: (scope, file) => ` in ${{ person: "your own", team: "the team's", chat: "this chat's" }[scope]} ${file}`,
    forTeam: " for the team",
    undone: " (undone)",
    undo: "Undo",
  },
  reports: {
    late: (time) => ` (late by ${time})`,
    paused: "It is paused.",
    last: "That was the last time.",
    next: (instant) => `Next: ${instant}.`,
    locale: "en-GB",
  },
  troubles: {
    store:
      "I can't store messages right now (my database is down or its disk is full). Yours is not lost: I'll take it as soon as I can.",
    later: "I can't store messages right now. Please try again in a moment.",
    elsewhere: "I don't work in this channel.",
    longer: "This has taken longer than Discord waits here. What there is to say comes below, as a message of its own.",
    queue: "I have your message, but my queue can't be reached right now. I'll answer as soon as it is back.",
  },
  alarms: {
    worse: "**The model works less well than it should:**",
    well: "**Well again:**",
    more: "`/insights` has the figures. I'll write again once it is well.",
    toolAccuracy: (percent, calls) => `Tool calls: ${percent} of the last ${calls} were valid as they came`,
    tokensPerSecond: (rate, answers) => `Speed: the last ${answers} answers were written at ${rate} tokens a second (median)`,
    iterations: (mean, tasks) => `Model calls a task: ${mean} on average in the last ${tasks} tasks`,
    toolAccuracyMend: (limit) =>
      `, and it should be ${limit}. Let it think more (\`hermes config set agent.reasoning_effort xhigh\`), or connect a bigger model, such as one of 70B (\`hermes model\`). \`hermes doctor\` tells whether the server is at fault.`,
    tokensPerSecondMend: (limit) =>
      `, and it should be ${limit}. A lighter quantization, a smaller model or a shorter context is faster; \`hermes bench model\` shows by how much.`,
    iterationsMend: (limit) =>
      `, and it should be ${limit} at most. It may be going round in circles: let it think more (\`hermes config set agent.reasoning_effort xhigh\`), connect a bigger model, or set a limit (\`hermes config set agent.max_turns 25\`).`,
    lasted(minutes) {
      if (minutes === null) return ".";
      if (minutes < 120) return `, after ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
      const hours = Math.round(minutes / 60);
      return hours < 48 ? `, after ${hours} hours.` : `, after ${Math.round(hours / 24)} days.`;
    },
  },
};

const places: Readonly<Record<ActionBackend, string>> = {
  docker: "in a container",
  virtual: "in the virtual sandbox",
  ssh: "on the SSH host",
  local: "on this host itself",
};

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

function sized({ messages, tokens }: Sized): string {
  return `${messages} ${messages === 1 ? "message" : "messages"} (about ${count(tokens)} tokens)`;
}

function count(number: number): string {
  return Math.round(number).toLocaleString("en");
}
