import type { ActionBackend } from "../../core/approval.ts";
import type { Role } from "../../core/chats.ts";
import type { NoticeAbout } from "../../core/notices.ts";
import type { StoredFailure } from "../../core/outbound.ts";
import type { CodeWords, Sized, Spoken } from "../../core/spoken.ts";

/** What is said in Chinese beside the commands. */
export const spoken: Spoken = {
  asking: {
    leave: { once: "仅此一次", session: "本次会话", always: "始终允许", deny: "拒绝" },
    does: {
      delete_root: "会删除整个系统、系统目录或主目录",
      fork_bomb: "会不断启动进程，直到机器停止响应",
      format_disk: "会格式化或覆盖磁盘",
      kill_agent: "会停止代理本身",
      delete_tree: "会删除文件夹及其中的所有内容",
      delete_many: "会一次删除或清空许多文件",
      permissions: "会大范围放开或移交文件权限",
      system_write: "会修改系统自身的文件",
      kernel: "会修改内核或其设备",
      ssh_keys: "会修改 SSH 密钥或其设置",
      secrets_write: "会修改存放密码或密钥的文件",
      credentials: "会读取密码或密钥",
      instructions: "会修改代理自身的指令或设置",
      outside_write: "会写到工作区之外",
      database: "会删除数据库中的数据",
      services: "会启动或停止服务",
      power: "会关机或重启",
      kill_wide: "会按名称或一次性结束进程",
      firewall: "会修改网络或防火墙",
      users: "会修改用户、密码或其权限",
      persistence: "会安排某些内容稍后或每次启动时运行",
      history: "会清除日志或 shell 历史",
      privilege: "会以更高的权限运行",
      remote_code: "会直接运行来自网络的代码",
      hidden_code: "会运行执行时才能看到的内容",
      inline_code: "会运行写在命令里的程序",
      install: "会安装或卸载软件",
      network: "会从网络读取数据",
      upload: "会向网络发送数据",
      tunnel: "会打开从外部进入的通道",
      git_rewrite: "会丢弃或覆盖 git 中的工作",
      containers: "会控制容器或虚拟机",
      cloud: "会更改或删除云上的机器或数据",
      send: "会向另一个聊天发送消息",
      mcp: "可能会通过 MCP 服务器做出更改",
      unparsable: "无法确切读懂",
    },
    found: (does) => `这个操作${does.join("，")}。`,
    mayI(kind, person, backend, directory) {
      const what = { run: "运行这条命令", write: "写入这个文件", send: "发送到这个聊天", call: "执行这个调用" }[kind];
      return `**可以${what}吗？** 请求人：${person}，${places[backend]}，目录 ${directory}：`;
    },
    because: (why) => `询问原因：${why}。`,
    doubts: {
      no_model: "没有可以判断它的模型",
      too_long: "命令太长，无法判断",
      not_whole: "负责判断的模型没有给出完整的回答",
      failed: "负责判断的模型出错了",
      late: "负责判断的模型用时太久",
      no_answer: "负责判断的模型没有回答",
      unclear: "负责判断的模型没有给出明确的回答",
      unsure: "负责判断的模型不能确定",
    },
    goodFor: (ms) => `${ms < 120_000 ? `${Math.round(ms / 1_000)} 秒` : `${Math.round(ms / 60_000)} 分钟`}内有效，过后不会运行。`,
    from: (name) => `*${name}询问：*`,
    orWords: "（也可以用你自己的话回答。）",
    nobodyAnswered: "*没有人及时回答。*",
    stopped: "*在回答之前已停止。*",
    answeredBy: (name) => `*${name} 已回答。*`,
    nothingWaits: "这里没有等待许可的操作。",
    onlyOnce: "这个操作只能允许一次：/approve 或 /deny。",
    onlyAsker: "只有提出请求的人可以回答。",
    needs(least, another) {
      const roles = { owner: "所有者", admin: "所有者或管理员", member: "团队成员" }[least];
      return another ? `这需要提出请求者以外的${roles}来决定。` : `这需要${roles}来决定。`;
    },
    errands: { subagent: "子代理", background: "后台任务", aside: "顺便的问题" },
  },
  access: {
    code: (code) =>
      `我还不认识你。你的配对码是 \`${code}\`。\n\n所有者可以用我发给他们的按钮，或用 \`hermes pairing approve ${code}\` 让你加入。配对码一小时内有效。`,
    wouldLike: (who, code) => `${who}想和我对话。配对码：\`${code}\``,
    who: (name, platform, account) => `${name}（${platform} 账号 ${account}）`,
    letIn: "允许加入",
    ignore: "忽略",
    ignored: "已忽略，没有通知对方。",
    notYours: "只有所有者或管理员可以让别人加入。",
    codeGone: "这个配对码已被使用或已过期。对方可以再写一条消息来获取新的。",
    isIn: (name) => `${name} 已加入。`,
    welcome: "你已加入。直接写下你的需要就行；用 /help 查看我还能做什么。",
    invited(name, role) {
      const what = role === "owner" ? "你现在是这个机器人的所有者" : `你已加入，身份是${roleNames[role]}`;
      return `${name}，你好，${what}。直接写下你的需要就行；用 /help 查看我还能做什么。`;
    },
    ownsToo: (who) => `${who}通过邀请也成为了这个机器人的所有者。`,
    guest: "我认识你，但你还没有获准加入。请联系这个机器人的所有者。",
    shared: "我还不认识你。请先私聊我，所有者就可以让你加入。",
    closed: "这个机器人不接受新成员。请让它的所有者添加你。",
    full: "现在等待加入的人太多了。请一小时后再试。",
    codeSeen: "这里的所有人都看到了这个邀请码，它已失效。`hermes setup owner` 可以生成新的。",
    codeElsewhere: "这个邀请码用于从别处与机器人对话的所有者：请在 Telegram、Discord 或 Slack 里把它发给机器人。",
    codeLate: "这个邀请码是给机器人的第一位所有者的，而现在已经有了。`hermes setup owner` 可以生成新的。",
  },
  progress: {
    reading: (done, total) => `正在读取：${count(done)} / ${count(total)} 个 token …`,
    queued(ahead, waitMs) {
      const place = ahead === 0 ? "下一个就轮到你" : `前面还有 ${ahead} 个`;
      const wait = waitMs === null ? "" : `，大约 ${Math.max(1, Math.round(waitMs / 1_000))} 秒`;
      return `正在等待模型：${place}${wait} …`;
    },
    step: (step) => `，第 ${step} 步`,
    asks: "，等待回答",
    stop: "停止",
    notice: noticed,
  },
  endings: {
    nothing: "（没有可说的内容。）",
    stopped: "⏹ 已停止。",
    stoppedHere: "⏹ 在此停止。",
    didUntilThen: "到那时为止我做了：",
    callsBefore: (calls) => `… 以及之前的 ${calls} 次调用`,
    failed: (failure) => `⚠️ ${failed(failure).join("")}`,
    fileNotTaken: (path, why, detail) =>
      `无法发送 ${path}：${why === "many" ? "一个回答能带的文件数量有限" : why === "empty" ? "文件是空的" : `读取失败（${detail}）`}`,
    fileNotSent(name, why, detail, place) {
      const said =
        why === "gone" ? "文件内容已不存在" : why === "none_taken" ? "这个平台不接收我发的文件" : `平台拒绝了（${detail}）`;
      return `无法在这里发送 ${name}：${said}。${place === "" ? "" : `它在工作区里：${place}。`}`;
    },
    shortening: {
      done: (before, after) => `我已把这段对话从 ${sized(before)} 压缩到 ${sized(after)}。最近的部分保持原样，其余的我留有摘要。`,
      nothing: (now, window, kept) =>
        `还没有可压缩的内容：这段对话有 ${sized(now)}，模型的窗口可容纳 ${count(window)} 个 token，最近的 ${kept} 条消息保持原样。`,
      failed: (failure) => `无法压缩这段对话：${failed(failure).join("")}内容没有丢失，对话保持原样。`,
      failedItself: (failure) =>
        `这段对话对模型来说快要太长了，而压缩没有成功：${failed(failure)[0]}内容没有丢失，只要还放得下，我会带着全部内容继续。用 /compress 再试一次，或用 /new 重新开始。`,
    },
  },
  memory: {
    saved: (where, entry, before) => `已记住${where}：${entry}${before === null ? "" : `（原为${before}）`}`,
    forgotten: (where, entry) => `已忘记${where}：${entry}`,
    inFile: (scope, file) => `（${{ person: "你自己的", team: "团队的", chat: "这个聊天的" }[scope]} ${file}）`,
    forTeam: "（团队）",
    undone: "（已撤销）",
    undo: "撤销",
  },
  reports: {
    late: (time) => `（迟了 ${time}）`,
    paused: "它已暂停。",
    last: "这是最后一次。",
    next: (instant) => `下一次：${instant}。`,
    locale: "zh-CN",
  },
  troubles: {
    store: "我现在无法保存消息（数据库停止或磁盘已满）。你的消息不会丢失，我会尽快处理。",
    later: "我现在无法保存消息。请稍后再试。",
    elsewhere: "我不在这个频道里工作。",
    longer: "时间已超过 Discord 在此等待的上限。如有回复，会作为单独的消息发在下方。",
    queue: "我已收到你的消息，但现在连不上队列。恢复后我会立即回答。",
  },
  alarms: {
    worse: "**模型的表现不如预期：**",
    well: "**已恢复正常：**",
    more: "用 `/insights` 查看数据。恢复正常后我会再通知你。",
    toolAccuracy: (percent, calls) => `工具调用：最近 ${calls} 次中有 ${percent} 一次就有效`,
    tokensPerSecond: (rate, answers) => `速度：最近 ${answers} 个回答的速度是每秒 ${rate} 个 token（中位数）`,
    iterations: (mean, tasks) => `每个任务的模型调用：最近 ${tasks} 个任务平均 ${mean} 次`,
    toolAccuracyMend: (limit) =>
      `，而应当达到 ${limit}。可以让它多思考（\`hermes config set agent.reasoning_effort xhigh\`），或连接更大的模型，例如 70B（\`hermes model\`）。\`hermes doctor\` 会告诉你是不是服务器的问题。`,
    tokensPerSecondMend: (limit) =>
      `，而应当达到 ${limit}。更轻的量化、更小的模型或更短的上下文会更快；\`hermes bench model\` 会显示快多少。`,
    iterationsMend: (limit) =>
      `，而最多应为 ${limit}。它可能在原地打转：可以让它多思考（\`hermes config set agent.reasoning_effort xhigh\`）、连接更大的模型，或设置上限（\`hermes config set agent.max_turns 25\`）。`,
    lasted(minutes) {
      if (minutes === null) return "。";
      if (minutes < 120) return `，历时 ${minutes} 分钟。`;
      const hours = Math.round(minutes / 60);
      return hours < 48 ? `，历时 ${hours} 小时。` : `，历时 ${Math.round(hours / 24)} 天。`;
    },
  },
};

const places: Readonly<Record<ActionBackend, string>> = {
  docker: "在容器中",
  virtual: "在虚拟沙箱中",
  ssh: "在 SSH 主机上",
  local: "直接在这台主机上",
};

const roleNames: Readonly<Record<Role, string>> = { owner: "所有者", admin: "管理员", member: "成员", guest: "访客" };

/** What went wrong, and the mend. */
function failed({ code, about }: StoredFailure): readonly [string, string] {
  const { what, mend } = codes[code];
  if (about === undefined) return [what, mend];
  switch (about.say) {
    case "attempts":
      return [`这个请求让执行它的进程停止了 ${about.count} 次。`, "请换一种方式提问，或分成更小的部分。"];
    case "steps":
      return [`这个请求用完了全部 ${about.count} 步，仍没有得出答案。`, "请缩小请求的范围，或调高 agent.max_turns。"];
    case "circling":
      return ["模型一直重复同样的调用，结果也一样，没有得出答案。", "请换一种方式提问，或用 /model 换一个模型。"];
    case "repeating":
      return ["模型开始无休止地重复自己的话。", "用 /retry 再问一次，或用 /model 换一个模型。"];
    case "empty":
      return ["模型给出了空的回答。", "用 /retry 再问一次。"];
    case "overthought":
      return ["模型一直思考，直到回答被截断，什么也没说。", "请调低 agent.reasoning_effort，或调高 model.max_tokens。"];
    case "cut":
      return ["模型的工具调用一再因长度限制而被截断。", "请调高 model.max_tokens（或服务器自身的限制），或缩小请求的范围。"];
    case "malformed":
      return ["模型的工具调用无法读懂。", "运行 `hermes doctor` 查看它调用工具的水平。"];
    case "unfit":
      return ["模型的回答不符合要求的格式。", "用 /retry 再问一次。"];
    case "struck_out":
      return [
        `${about.model} 调用工具的方式始终无法执行。`,
        "运行 `hermes doctor` 查看它调用工具的水平，或用 /model 换一个模型。",
      ];
    case "newest_long":
      return [what, `仅最新的一条消息就有大约 ${about.tokens} 个 token：请分成几段发送，或给模型服务器更大的上下文。`];
    case "answer_room":
      return [
        "这段对话太长，模型的窗口里放不下 model.max_tokens 允许的回答。",
        "请调低 model.max_tokens，或给模型服务器更大的上下文。",
      ];
    case "unreachable":
      return [`模型服务器没有响应${about.server === "" ? "" : `（${about.server}）`}。`, mend];
    case "loading":
      return [`${about.server} 上的模型还在加载。`, mend];
    case "key_refused":
      return [`模型服务器 ${about.server} 不接受这个密钥。`, "请把 OPENAI_API_KEY（model.api_key）设为它接受的密钥。"];
    case "key_missing":
      return [`模型服务器 ${about.server} 需要密钥，而没有设置。`, "请设置 OPENAI_API_KEY（model.api_key）。"];
    case "no_api":
      return [
        `${about.server} 返回的是网页，不是模型服务器。`,
        "请把 OPENAI_BASE_URL（model.base_url）设为服务器的地址，带 /v1。",
      ];
    case "lists_none":
      return [`模型服务器 ${about.server} 上没有模型。`, "请先在那里加载一个（用 Ollama：`ollama pull qwen3`）。"];
    case "no_model":
      return [`模型服务器 ${about.server} 没有模型“${about.model}”，它有：${about.has.join("、")}。`, "用 /model 选择一个。"];
    case "silent":
      return [`模型服务器 ${about.server} 已有 ${about.seconds} 秒没有任何响应。`, mend];
    case "answered":
      return [`模型服务器 ${about.server} 返回了错误 ${about.status}。`, mend];
  }
}

const again = "用 /retry 再问一次。";
const codes: CodeWords = {
  "config.invalid": { what: "设置有误。", mend: "运行 `hermes doctor` 查看哪里不对。" },
  "home.held": { what: "另一个进程正在使用这个目录。", mend: again },
  "state.unavailable": { what: "现在连不上数据库。", mend: "恢复后用 /retry 再问一次。" },
  "state.newer": { what: "数据库属于更新的版本。", mend: "请更新 Hermes Team。" },
  "queue.unavailable": { what: "现在连不上队列。", mend: "恢复后用 /retry 再问一次。" },
  "model.unreachable": {
    what: "模型服务器没有响应。",
    mend: "请启动模型服务器，或把 OPENAI_BASE_URL（model.base_url）设为它的地址。",
  },
  "model.refused": { what: "模型服务器拒绝了请求。", mend: "日志里有详细信息；运行 `hermes doctor` 检查服务器。" },
  "model.loading": { what: "模型还在加载。", mend: "请等它加载完，再用 /retry 再问一次。" },
  "model.stalled": { what: "模型服务器中途没有了响应。", mend: "请查看服务器的日志，然后用 /retry 再问一次。" },
  "model.broken": { what: "模型服务器没有给出完整的回答。", mend: "用 /retry 再问一次；如果再次出现，请查看服务器的日志。" },
  "model.overlong": { what: "这段对话对模型的窗口来说太长了。", mend: "用 /new 开始新的对话，或给模型服务器更大的上下文。" },
  "model.empty": { what: "模型没有给出回答。", mend: again },
  "turn.limit": { what: "这个请求达到了上限。", mend: "请缩小请求的范围。" },
  "turn.stale": { what: "另一个进程接手了这个请求。", mend: again },
  "turn.draining": { what: "服务正在停止。", mend: again },
  "sandbox.unavailable": { what: "沙箱无法使用。", mend: "运行 `hermes doctor` 查看原因。" },
  "platform.refused": { what: "平台拒绝了。", mend: again },
  "platform.rate_limited": { what: "平台要求放慢速度。", mend: "请稍后再试。" },
  "platform.unknown_outcome": { what: "不清楚平台是否收到了。", mend: again },
  "platform.unavailable": { what: "现在连不上平台。", mend: "请稍后再试。" },
  "web.refused": { what: "不允许读取这个地址。", mend: "请换一个地址。" },
  "web.failed": { what: "无法读取这个网页。", mend: again },
  "schedule.refused": { what: "这个定时任务无法这样设置。", mend: "用 /cron 查看。" },
  internal: { what: "我这边出了问题。", mend: "用 /retry 再问一次；日志里有详细信息。" },
};

function noticed(about: NoticeAbout): string {
  switch (about.say) {
    case "looking":
      return `正在查看 ${about.name} …`;
    case "shortening":
      return "这段对话很长，我先压缩较早的部分。";
    case "shortened":
      return `${about.why === "full" ? "回答还没完，模型的窗口就满了" : "模型服务器悄悄截断了对话"}：我已压缩对话，正在重新提问。`;
    case "unread":
      return `模型服务器只读取了大约 ${Math.round(about.expected)} 个 token 中的 ${Math.round(about.read)} 个：它截断了这段对话。请给它更大的上下文，或用 /new 重新开始。`;
    case "retrying":
      return `${codes[about.code].what}${Math.ceil(about.waitMs / 1_000)} 秒后重试。`;
    case "loading":
      return codes["model.loading"].what;
    case "going_on":
      return `回答中断了：${codes[about.code].what}正在从中断处继续。`;
    case "instead":
      return `${codes[about.code].what}改由 ${about.server} 上的 ${about.model} 回答。`;
    case "without_thinking":
      return "思考占满了回答的空间；正在关闭思考重新提问。";
    case "other_mode":
      return `服务器不支持 chat completions，改用 ${about.mode}（model.api_mode）。`;
    case "only_model":
      return `${about.server} 没有模型“${about.wanted}”，由它唯一的模型 ${about.model} 回答。可用 /model 或 \`hermes model\` 选定它。`;
    case "other_address":
      return `${about.from} 不是模型接口，${about.to} 才是：请把 OPENAI_BASE_URL（model.base_url）设为后者。`;
  }
}

function sized({ messages, tokens }: Sized): string {
  return `${messages} 条消息（约 ${count(tokens)} 个 token）`;
}

function count(number: number): string {
  return Math.round(number).toLocaleString("en");
}
