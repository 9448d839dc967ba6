import type { Replies } from "../../core/replies.ts";

/** What the commands answer in Chinese. */
export const replies: Replies = {
  duration(ms) {
    const seconds = Math.max(0, Math.round(ms / 1_000));
    if (seconds < 60) return `${seconds} 秒`;
    const minutes = Math.round(seconds / 60);
    if (minutes < 60) return `${minutes} 分钟`;
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? `${hours} 小时 ${minutes % 60} 分钟` : `${Math.floor(hours / 24)} 天`;
  },
  roles: { owner: "所有者", admin: "管理员", member: "成员", guest: "访客" },
  asConfigured: "按默认设置",
  agents: {
    none: "这段对话之外没有正在运行的任务。`/background 要做的事` 可以开始一个。",
    noneToStop: "这段对话之外没有正在运行的任务。",
    usage: "`/agents stop 编号` 停止其中一个，`/agents stop all` 停止全部。",
    noNumber: (number) => `没有编号 ${number}。用 /agents 查看列表。`,
    line: (name, person, about, at, time) => `${name}，请求人 ${person}：${about}（${at}，${time}）`,
    waiting: "排队等候",
    asking: "等待回答",
    working: (step, most, tool) =>
      `第 ${step} 步${most === null ? "" : `，最多 ${most} 步`}${tool === null ? "" : `，正在用 ${tool}`}`,
    stopping: (tasks) => `正在停止 ${tasks.join("、")}。`,
  },
  approve: { say: "请写 /approve、/approve session 或 /approve always。" },
  approvals: {
    none: "这里没有长期的许可：我每次都会询问。",
    head: "我无需询问即可运行的操作：",
    usage: "`/approvals revoke 编号` 收回一项，`/approvals revoke all` 收回你的全部许可。之后我会再次询问。",
    nothingOwn: "没有给你的长期许可。",
    noNumber: (number) => `没有你可以收回的编号 ${number}。用 /approvals 查看列表。`,
    takenBack: (count) => (count === 1 ? "已收回。从现在起我会再次询问。" : `${count} 项许可已全部收回。从现在起我会再次询问。`),
    grant({ number, does, class: name, backend, person, shared, passing, by, on }) {
      const whose = person === null ? "" : `，给 ${person}`;
      const chat = shared === null ? "" : `，在群聊中（${shared}）`;
      const term = passing ? "到那段对话结束为止" : "始终";
      const giver = by === "" ? "" : `由 ${by} `;
      return `${number}：${does}（${name}，${backend}）${whose}${chat}；${term}，${giver}于 ${on} 允许`;
    },
    unknownKind: "属于我已不认识的类型",
  },
  background: {
    say: "请写明要做的事：`/background 要做的事`。完成后结果会发到这里。",
    files: "后台任务不能附带文件。请先单独发送文件，再说明要做什么。",
    enough: "你已有十个后台任务。请等一个完成，或停止一个：用 /agents 查看列表。",
    begun: (number) => `后台任务 ${number} 已开始。结果会发到这里；\`/agents stop ${number}\` 可以停止它。`,
  },
  btw: {
    say: "请写明问题：`/btw 问题` 会在对话之外得到回答，对话照常继续。",
    files: "顺便的问题不能附带文件。请先单独发送文件，再提问。",
  },
  branch: {
    none: "这里还没有可以复制的对话。",
    done: "我们用这段对话的副本继续。`/resume` 可以回到原来的对话。",
  },
  busy: {
    say: "请写 `/busy steer`、`/busy queue`、`/busy interrupt` 或 `/busy auto`。",
    now: (mode) => `我工作时收到的消息：${mode}。可选 \`/busy steer\`、\`queue\` 或 \`interrupt\`；\`auto\` 为默认设置。`,
    chosen(mode) {
      if (mode === null) return "我工作时收到的消息重新按默认设置处理。";
      const what = { steer: "会在我的下一步生效", queue: "会排队等候", interrupt: "会停止我正在做的事" }[mode];
      return `在这个聊天里，我工作时收到的消息${what}。`;
    },
  },
  compress: {
    nothing: "没有可压缩的内容：这段对话还没有开始。",
    begun: "我现在开始压缩这段对话；读完全部内容可能需要一分钟。",
    after_turn: "我正在处理一个请求。完成后，在处理下一个之前，我会压缩这段对话。",
    already: "已经有人提出过，完成时我会告知。",
  },
  footer: {
    say: "请写 `/footer on`、`/footer off` 或 `/footer auto`。",
    auto: "回答下方的信息行重新按默认设置显示。",
    on: "这个聊天里的回答下方会显示模型和用时。",
    off: "这个聊天里的回答下方不再显示信息行。",
  },
  memory: {
    heads: { person: "我为你记住的内容", team: "我为整个团队记住的内容", chat: "我为这个聊天记住的内容" },
    nothing: {
      person: "我还没有记住关于你的任何内容。你可以直接告诉我，或让我在工作中了解。",
      team: "团队的记忆是空的。所有者或管理员可以让我为整个团队记住内容。",
      chat: "我还没有为这个聊天记住任何内容。",
    },
    titles: { memory: "笔记", user: "关于你" },
    keptOut: (why) => `不会放进我的提示词：${why}`,
    usage(own) {
      const sharing = own ? "`/memory share 编号` 让我在你发言的群聊里也知道这一条（👁），`hide` 取消。" : "";
      return `\`/memory forget 编号\` 忘记一条，\`/memory undo\` 恢复上一条，\`/memory export\` 导出文件，\`/memory team\` 是团队的记忆。${sharing}`;
    },
    everybodys: "团队的记忆本来就是大家的。`/memory share 编号` 用于你自己的记忆，请在私聊里使用。",
    which: "请指明哪一条：它在 `/memory` 里的编号，或其中的一部分文字。",
    noText: "没有包含这些文字的记忆。用 `/memory` 查看列表。",
    noNumber: (number) => `没有编号 ${number}。用 \`/memory\` 查看列表。`,
    several: (count) => `有 ${count} 条包含这些文字：`,
    notYours: "团队的记忆不能由你更改。请联系所有者或管理员。",
    forgotten: (entry) =>
      `已忘记：${entry}\n\n\`/memory undo\` 可以恢复。已经开始的对话可能仍然知道它；\`/new\` 会开始一段不知道它的对话。`,
    nothingToExport: "还没有可以导出的内容。",
    exported: "这是我记住的内容。单独一行的 § 用来分隔两条记忆。",
    inPrivate: "请在私聊里告诉我：别人可以知道你的哪些事，只由你决定。",
    shown: (entry, number) => `从现在起，你在群聊里写给我时，我会知道：${entry}\n\n\`/memory hide ${number}\` 可以取消。`,
    hidden: (entry) => `不再告诉群聊：${entry}\n\n已经开始的对话可能仍然知道它；在那里用 \`/new\` 会开始一段不知道它的对话。`,
    nothingToUndo: "这里没有你可以撤销的内容。",
    notUndone: {
      unknown: "这不能由你撤销。",
      late: "那是太久以前记住的，不能这样撤销。用 `/memory` 查看我记住的内容，用 `/memory forget 编号` 忘记一条。",
      already: "它已经被撤销了。",
      overwritten: "那一条后来又改过，所以我保持原样。用 `/memory` 查看我记住的内容。",
      full: "没有空间恢复它。请先用 `/memory forget 编号` 腾出空间。",
    },
    takenBack: "已撤销。",
    noMore: (entry) => `我不再记得${entry}。`,
    again: (entry) => `我重新记住了${entry}。`,
  },
  model: {
    ruling: "只有所有者或管理员可以更换模型。",
    back: "这段对话改回默认模型。",
    cold: "下一个回答会慢一些：那个模型需要先读完这段对话。",
    usage: "`/model 名称` 或编号切换这段对话的模型，`/model 名称 --global` 切换所有人的，`/model default` 改回默认模型。",
    current: (model, server, chosen) => `模型：${server} 上的 ${model}${chosen ? "（为这段对话选定）" : ""}`,
    noServer: "没有设置模型服务器；`hermes model` 可以连接一个。",
    currentMark: "（当前）",
    cannotAsk: (server, why) => `${server} 无法查询：${why}`,
    more: (count) => `… 还有 ${count} 个`,
    unknown: (name) => `没有模型 ${name}。`,
    chosen: (model) => `从下一条消息起，这段对话使用 ${model}。`,
    isDefault: (model) => `${model} 现在是默认模型。`,
  },
  reasoning: {
    now: (level, levels) => `我在这里回答前的思考程度：${level}。可选 ${levels} 或 \`auto\`。`,
    say: (levels) => `请选择 ${levels} 或 \`auto\`。`,
    chosen: (level) =>
      level === null
        ? "从下一条消息起，我重新按默认设置思考。"
        : `从下一条消息起，我在这段对话里以 ${level} 的程度思考（取决于模型的能力）。`,
  },
  resume: {
    which: "要继续哪一段？用 `/sessions` 查看列表，然后 `/resume 编号` 或 `/resume 标题`。",
    several: "有几段对话是这个标题。用 `/sessions` 查看带编号的列表。",
    nothing: "你没有这样一段可以在这里继续的对话。用 `/sessions` 查看列表。",
    goesOn: "我们继续那段对话。",
    goesOnWith: (title) => (title === null ? "我们继续那段无标题的对话。" : `我们继续“${title}”。`),
  },
  sessions: {
    notFound: "以前的对话里没有这些内容。请换用更少或其他的词。",
    none: (kind) => (kind === "shared" ? "这个聊天里没有以前的对话。" : "你和我没有以前的私聊对话。"),
    usage: "`/resume 编号` 继续其中一段，`/sessions search 关键词` 在其中搜索。",
    usageFound: "点按钮，或用 `/resume` 加标题，可以继续其中一段。",
    untitled: "无标题",
    requests: (count) => `${count} 个请求`,
  },
  sethome: {
    done: (platform, kind) =>
      `从现在起，${platform} 的报告会发到这里。${kind === "private" ? "只有你能看到。" : "这里的所有人都能看到。"}`,
  },
  status: {
    working: (time, step, tool) => `已工作 ${time}，第 ${step} 步${tool === null ? "" : `，正在用 ${tool}`}`,
    idle: "空闲",
    now: (what, waiting) => `当前：${what}${waiting > 0 ? `；${waiting} 个等待中` : ""}`,
    beside(counts) {
      const words = { subagent: "个子代理", background: "个后台任务", run: "个定时任务" };
      return `对话之外：${counts.map(([type, count]) => `${count} ${words[type]}`).join("、")}（/agents）`;
    },
    title: (title) => `标题：${title}`,
    conversation: (entries, time) => `对话：${entries} 条记录，开始于 ${time}前`,
    model: (model, server) => `模型：${server} 上的 ${model}`,
    sandbox: (sandbox) => `沙箱：${sandbox}`,
    you: (name, role) => `你：${name}，${role}`,
  },
  timezone: {
    none: "你还没有选择时区。`/timezone Asia/Shanghai` 可以选择；新的定时任务会使用它。",
    now: (zone, time) => `${zone}；那里现在是 ${time}。\`/timezone auto\` 改回默认时区。`,
    auto: "你的时区已改回默认时区。",
    chosen: (zone, time) => `✓ ${zone}；那里现在是 ${time}。`,
    locale: "zh-CN",
  },
  title: {
    none: "这段对话还没有标题。`/title 标题` 可以设置。",
    wanting: "标题需要包含文字或数字。",
    given: (title) => `这段对话现在的标题是“${title}”。`,
    noTalk: "这里还没有对话。请先给我发一条消息。",
  },
  usage: {
    nothing: "这段对话还没有任何用量。",
    requests: (requests, calls) => `请求：${requests}，模型调用：${calls}`,
    read: (tokens, cached) => `读取的 token：${tokens}，其中 ${cached} 来自服务器的缓存`,
    written: (tokens) => `写出的 token：${tokens}`,
    newest: (tokens) => `最新的提示词：${tokens} 个 token`,
    window: (bar, percent, tokens, window) => `窗口：${bar} ${percent} %（${tokens} / ${window} 个 token）`,
  },
  verbose: {
    auto: "工具的显示重新按默认设置。",
    say: "请写 `/verbose off`、`/verbose new`、`/verbose all` 或 `/verbose auto`。",
    chosen: {
      off: "在这个聊天里，我工作时不显示工具。",
      new: "在这个聊天里，我开始使用一个工具时会显示它。",
      all: "在这个聊天里，我会显示每一次工具调用。",
    },
  },
  whoami: {
    chat: (platform, kind) => `${platform}，${kind === "private" ? "私聊" : "群聊"}`,
    usualZone: "默认时区",
  },
};
