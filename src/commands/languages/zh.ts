import type { WholeLanguage } from "./language.ts";

export const zh: WholeLanguage = {
  code: "zh",
  name: "中文",
  commands: {
    start: { line: "打个招呼，介绍我能做什么" },
    help: { line: "列出命令，或说明其中一个", argument: "命令名" },
    new: { line: "开始新的对话" },
    stop: { line: "停止当前正在做的事" },
    approve: {
      line: "允许我请求的操作：once、session 或 always",
      argument: "once（一次）、session（本次对话）或 always（始终）",
    },
    deny: { line: "拒绝我请求的操作" },
    approvals: { line: "查看我无需询问即可做的事，或收回许可", argument: "revoke 编号，或 revoke all" },
    insights: { line: "查看提问数量，以及模型的速度和质量", argument: "[天数] [平台]" },
    model: { line: "查看当前模型，或切换到另一个", argument: "模型名称或编号，或 default" },
    status: { line: "查看我正在做什么、用什么在做" },
    sandbox: { line: "查看命令在哪里运行、为什么、有哪些限制" },
    retry: { line: "重新回答你的上一个请求" },
    compress: { line: "把这段对话压缩成摘要和最新部分", argument: "最需要保留的内容" },
    language: { line: "命令所用的语言", argument: "en、zh 或 auto" },
  },
  help: {
    inPrivate: "直接用自己的话写给我就行。",
    inShared: "在群里，提到我、回复我或使用命令时我会回答。",
    more: "用 /help 命令名 查看某个命令的说明。命令只需输入开头几个字母。",
    aliases: "也可写作",
    unknown: (name) => `我不认识 /${name}。用 /help 查看我懂的命令。`,
    ambiguous: (name, among) => `/${name} 可能是 ${among.map((each) => `/${each}`).join("、")}。你指的是哪一个？`,
    forbidden: (name) => `只有所有者或管理员可以使用 /${name}。`,
    asClient: "跟随你的应用",
    languageAuto: "从现在起，命令使用你的应用的语言。",
    noLanguage: "可选：",
    busy: (name) => `我正在处理一个请求。请等它完成后再用 /${name}，或先用 /stop 停止。`,
  },
};
