/** What hostile text says, in the words it comes in. All gaps are bounded, so that a search takes time in proportion to the text. */

/**
 * `injection`: orders that want to take the place of ours. `role`: marks that imitate a model's own turns. `exfiltration`: secrets or talks
 * on their way out. `shell`: a way in for others. `invisible`: characters that hide text.
 */
export type ThreatKind = "injection" | "role" | "exfiltration" | "shell" | "invisible";

/** What is looked for in text that has been folded: one case, one space, look-alike letters made one. */
export interface ThreatPattern {
  readonly kind: ThreatKind;
  /** `high`: no honest note or skill says so. `low`: honest ones may. */
  readonly grade: "high" | "low";
  /** What it is, in a few words for a person. */
  readonly what: string;
  readonly pattern: RegExp;
}

/** Up to so many characters within one sentence. */
const gap = (most: number) => `[^.!?;:。！？；：]{0,${most}}`;
/** In one clause of Chinese; the text that is searched has most of its marks already as ASCII. */
const clause = (most: number) => `[^。!?;,！？；，]{0,${most}}`;
/** Whoever says not to do it means well. */
const notTold = "(?<!(?:n'?t|not|never) )";
/** A pattern of its parts. */
export const of = (...parts: readonly string[]) => new RegExp(parts.join(""), "u");

const secretFile =
  "(?:\\.ssh/(?!config\\b|known_hosts\\b)|id_rsa\\b|id_ed25519\\b|\\.aws/credentials|\\.netrc\\b|\\.pgpass\\b|\\.git-credentials|\\.kube/config|/etc/shadow)";
const secretWord =
  "(?:passwords?|passphrases?|api[ _-]?keys?|secret keys?|secrets|access tokens?|auth tokens?|bot tokens?|tokens|credentials?|private keys?|ssh keys?|environment variables|\\.env\\b(?!\\.))";
const talkWord =
  "(?:(?:private |whole |entire |full )?(?:conversations?|chat (?:history|logs?)|transcripts?|system prompt)|(?:your|its) (?:whole |entire |full )?memor(?:y|ies))";
const secretVariable = "\\$\\{?[a-z0-9_]{0,40}(?:key|token|secret|password|passwd|credential|auth)";
const user = "(?:the|any|your) (?:users?|operator|humans?)";
/** Where something can be sent. */
export const address =
  "(?:https?:\\/\\/|webhook|ngrok|pastebin|requestbin|burpcollaborator|[a-z0-9._-]{1,64}@[a-z0-9-]{1,64}\\.|\\b\\d{1,3}(?:\\.\\d{1,3}){3}\\b)";

/** In the folded text. */
export const foldedPatterns: readonly ThreatPattern[] = [
  {
    kind: "injection",
    grade: "high",
    what: "tells the agent to drop its instructions",
    pattern: of(
      `${notTold}\\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|bypass(?:ing)?|discard|violate|disobey)\\b`,
      gap(25),
      "\\b(?:previous|prior|above|earlier|preceding|foregoing|your|system|original|initial|existing|safety|all (?:of )?(?:the |your |these |those )?|everything)\\b",
      gap(25),
      "(?:\\binstructions?\\b|\\bprompts?\\b|\\bdirectives?\\b|\\bguidelines?\\b|\\bguardrails?\\b|\\b(?:your|safety|system|previous|prior) (?:\\w{1,20} )?(?:rules?|polic(?:y|ies)|restrictions?)|\\b(?:said|told|wrote) (?:before|above|earlier)|\\bcontext (?:before|above))",
    ),
  },
  {
    kind: "injection",
    grade: "high",
    what: "tells the agent to drop its instructions",
    pattern:
      /(?<!(?:n'?t|not|never) )\b(?:ignore|disregard|forget|override|bypass) (?:all |any )?(?:of )?(?:your|the system|all|safety|previous|prior) (?:safety |security |previous )?(?:rules?|polic(?:y|ies)|restrictions?|training|programming|limitations?)\b/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "gives the agent another identity",
    pattern: of(
      "\\byou are (?:now|no longer) (?:(?:a|an|the|my) ",
      gap(30),
      "\\b(?:ai|agent|assistant|model|bot|chatbot|persona|character|hacker|servant|unrestricted|unfiltered|jailbroken|evil)\\b",
      "|in (?:\\w{1,20} ){1,2}mode\\b|called |named |bound |restricted |subject |hermes|dan\\b|free\\b|unrestricted|unfiltered|jailbroken|evil|root\\b|admin)",
    ),
  },
  {
    kind: "injection",
    grade: "high",
    what: "gives the agent another identity",
    pattern: of(
      "\\b(?:pretend|act as if|act as though|behave as if|roleplay|imagine)\\b",
      gap(30),
      "\\b(?:no (?:restrictions|rules|limits|limitations|filters?|guidelines)|without (?:any )?(?:restrictions|rules|limits|filters?|guidelines)|unrestricted|unfiltered|jailbroken)\\b",
    ),
  },
  {
    kind: "injection",
    grade: "high",
    what: "speaks of a mode without rules",
    pattern:
      /\b(?:do anything now|dan mode|jailbreak mode|god mode (?:enabled|on|activated)|developer mode (?:enabled|on|activated)|(?:system|admin|safety|policy) override ?(?:enabled|on\b|active|activated|code|:))/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "announces instructions that take the place of ours",
    pattern:
      /\b(?:new|updated|revised|real|actual|true|secret|hidden|urgent) (?:system |developer |core )?(?:instructions?|directives?|prompt)(?: for (?:the )?(?:agent|assistant|ai|model))? ?[:：](?! ?https?:)/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "wants something kept from the user",
    pattern: of(
      "\\b(?:do not|don'?t|never|must not) (?:ever )?(?:",
      `(?:tell|inform|alert|notify|warn) ${user} (?:that|this|what|anything|(?:about|of) (?:this|that|it|what|any|your))\\b`,
      `|(?:tell|mention|reveal|disclose|show) (?:this|that|it|anything|what|any of)\\b${gap(30)}\\b${user}\\b`,
      `|let ${user} (?:know|notice|find out|learn|suspect)\\b)`,
    ),
  },
  {
    kind: "injection",
    grade: "high",
    what: "wants something done behind the user's back",
    pattern:
      /\bwithout (?:the user'?s? (?:knowledge|knowing|consent|noticing|permission)|(?:telling|informing|notifying|alerting) (?:the |any )?(?:user|users|operator|human)\b)/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "asks for the agent's own instructions",
    pattern:
      /\b(?:reveal|print|show|output|repeat|leak|display|recite|dump|tell me) (?:me |us |out |back )?(?:your|the|its) (?:full |entire |whole |hidden |secret |initial |original |exact )?(?:system (?:prompt|message|instructions?)|hidden (?:prompt|instructions?)|developer message|initial prompt|instructions verbatim)/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "speaks as somebody above the agent's rules",
    pattern:
      /\b(?:this is|message from|authorized by|on behalf of) (?:your |the )?(?:developers?|creators?|openai|anthropic|nous research|system administrator|administrators?)\b[^.!?;。]{0,60}\b(?:override|unrestricted|disable|ignore|comply|obey|must)\b/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "wants safety switched off",
    pattern:
      /\b(?:disable|turn off|switch off|remove|deactivate) (?:all |any |your |the )?(?:safety|security|content|approval|ethical)(?: and (?:safety|security))? (?:checks?|filters?|measures?|rules?|guardrails?|protocols?|guidelines?)\b/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "tells the agent to drop its instructions",
    pattern: of(
      "(?<!不要|不能|不得|不可|切勿|别|勿)(?:忽略|无视|無視|忘(?:记|掉|記)(?=你|之前|以前|先前|上面|所有|一切|全部)|不要理会|不要遵守|不再遵守|绕过|违反)",
      clause(12),
      "(?:之前|以前|先前|上面|以上|上述|前面|此前|你的|所有|系统|系統|原来|一切|全部)",
      clause(12),
      "(?:指令|指示|提示词?|规则|規則|命令|设定|限制|约束)(?! ?(?:警告|告警|检查|报错|错误))",
    ),
  },
  {
    kind: "injection",
    grade: "high",
    what: "gives the agent another identity",
    pattern:
      /你(?:现在|現在|从现在起|已经)(?:是|扮演)[^。！？；]{0,16}(?:没有|不受|无|沒有|無)[^。！？；]{0,6}(?:限制|约束|規則|规则|审查)/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "wants something kept from the user",
    pattern: of(
      "(?:不要|别|不得|切勿)(?:(?:告诉|告知|通知|提醒)",
      clause(6),
      "(?:用户|使用者|操作员)|让",
      clause(6),
      "(?:用户|使用者|操作员)(?:知道|发现|察觉|知晓))",
    ),
  },
  {
    kind: "injection",
    grade: "high",
    what: "tells the agent to drop its instructions",
    pattern:
      /(?:これまで|以前|前|上記|全て|すべて)の[^。！？]{0,8}(?:指示|命令|ルール|プロンプト)[^。！？]{0,6}(?:無視(?!し?ない)|忘れ(?!ない|ず))/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "tells the agent to drop its instructions",
    pattern:
      /\b(?:ignoriere?|vergiss|vergesse|missachte|umgehe)\b(?! (?:nicht|nie|niemals)\b)[^.!?;:]{0,25}\b(?:alle(?= (?:deine|vorher|bisher|obig|fruher|früher|vorig|anweisungen|instruktionen|anordnungen|regeln ?(?:[.!,;]|und\b|$)))|vorherigen?|bisherigen?|deine|obigen?|fruheren?|früheren?|vorigen?)\b[^.!?;:]{0,25}\b(?:anweisungen|instruktionen|regeln|vorgaben|anordnungen)\b/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "tells the agent to drop its instructions",
    pattern:
      /(?<!n'|\bno |\bnon |\bnao |\bnão )\b(?:ignor(?:e|ez|er|a|ad|ar|i)|oublie[zr]?|olvida|olvide|omite|dimentica|esqueca|esqueça|desconsidere)\b[^.!?;:]{0,25}\b(?:instructions|consignes|regles|règles|instrucciones|indicaciones|reglas|istruzioni|regole|instrucoes|instruções|regras)\b[^.!?;:]{0,12}\b(?:precedentes?|précédentes?|anterieures|antérieures|anteriores|previas|precedenti|ci-dessus|arriba)\b/u,
  },
  {
    kind: "role",
    grade: "high",
    what: "holds the marks of a model's own turns",
    pattern:
      /<\|(?:im_start|im_end|im_sep|system|user|assistant|start_header_id|end_header_id|eot_id|eom_id|begin_of_text|endoftext|end_of_turn|channel|message|return|tool_call|endofprompt)\|>|<(?:start|end)_of_turn>|\[\/?inst\]|<<\/?sys>>|<｜[a-z▁]{2,30}｜>/u,
  },
  {
    kind: "role",
    grade: "high",
    what: "imitates a system message",
    pattern:
      /<\/?(?:system|system[-_ ](?:prompt|message|reminder|instructions?)|developer[-_]message|tool_call|tool_response|function_calls?|function_results?)>|\[(?:system|admin|developer)[ -](?:message|prompt|override|note|instructions?)\]/u,
  },
  {
    kind: "role",
    grade: "high",
    what: "imitates a system message",
    pattern:
      /(?:^|[\n#*>]) ?system ?(?:prompt|message)? ?[:：] ?(?:you (?:are|must|should|will|shall)|ignore|override|disregard|from now on|never|always|do not|你)/u,
  },
  {
    kind: "exfiltration",
    grade: "high",
    what: "sends a secret over the network",
    pattern: of(
      "\\b(?:curl|wget|https? post|invoke-webrequest|fetch\\(|requests\\.post\\()[^\\n]{0,160}(?:-d|--data[a-z-]{0,12}|-f|--form|-t|--upload-file|--post-(?:data|file)|[?&][a-z0-9_]{1,20})[ =\"'@(`]{1,4}[^\\n]{0,60}(?:",
      secretVariable,
      "|",
      secretFile,
      "|\\.env\\b(?!\\.)|\\benv\\b|printenv|/etc/passwd)",
    ),
  },
  {
    kind: "exfiltration",
    grade: "high",
    what: "sends a secret over the network",
    pattern: of(
      "(?:",
      secretFile,
      "|\\.env\\b(?!\\.)|\\benv\\b|printenv|/proc/self/environ)[^\\n]{0,40}\\| ?(?:base64|xxd|gzip|curl|wget|nc|ncat|netcat|openssl)\\b",
    ),
  },
  {
    kind: "exfiltration",
    grade: "high",
    what: "sends a secret over the network",
    pattern: of("\\b(?:scp|rsync|nc|ncat|netcat|ftp|tftp)\\b[^\\n]{0,80}", secretFile),
  },
  {
    kind: "exfiltration",
    grade: "low",
    what: "uses a secret in a request",
    pattern: of("\\b(?:curl|wget)\\b[^\\n]{0,200}", secretVariable),
  },
  {
    kind: "exfiltration",
    grade: "high",
    what: "reads the keys of this account",
    pattern: of("\\b(?:cat|less|more|head|tail|base64|xxd|strings|read|print|open)\\b[^\\n;|]{0,40}", secretFile),
  },
  {
    kind: "exfiltration",
    grade: "high",
    what: "has secrets or talks sent to somebody",
    pattern: of(
      `${notTold}\\b(?:send|sends|post|posts|upload|uploads|forward|forwards|email|e-mail|mail|transmit|exfiltrate|leak|submit|copy|deliver|report(?! (?:lost|forgotten|expired|stolen|leaked|compromised)\\b))\\b[^!?;\\n]{0,60}\\b(?:`,
      secretWord,
      "|",
      talkWord,
      ")[^!?;\\n]{0,60}",
      address,
    ),
  },
  {
    kind: "exfiltration",
    grade: "high",
    what: "has secrets or talks sent to somebody",
    pattern: of(
      "(?<!不要|不得|切勿|别|请勿|禁止|严禁|不可|勿)(?:把|将)",
      clause(24),
      "(?:密码|密钥|令牌|凭据|凭证|私钥|聊天记录|对话(?!框)|环境变量)",
      clause(24),
      "(?:发送|发到|发给|上传|传到|传给|泄露|寄给)",
    ),
  },
  {
    kind: "exfiltration",
    grade: "high",
    what: "hides data in an address",
    pattern:
      /!\[[^\]]{0,80}\]\( ?https?:\/\/[^)\s]{1,200}[?&/=](?:\{|\$|<|%7b|\[)[^)]{0,80}\)|\b(?:append|add|put|embed|encode|include)\b[^.!?;\n]{0,50}\b(?:secrets?|api keys?|passwords?|conversation|chat history|tokens|your memory)\b[^.!?;\n]{0,40}\b(?:url|query string|link|image (?:url|address)|markdown image)\b/u,
  },
  {
    kind: "shell",
    grade: "high",
    what: "opens a shell to somebody else",
    pattern:
      /\/dev\/(?:tcp|udp)\/|\b(?:nc|ncat|netcat)\b[^\n]{0,40} -(?:e|c)\b|\bbash -i\b[^\n]{0,20}>|\bmkfifo\b[^\n]{0,60}\b(?:nc|ncat|netcat)\b|\bsocat\b[^\n]{0,80}\bexec:|import socket[^\n]{0,200}(?:pty\.spawn|subprocess)/u,
  },
  {
    kind: "shell",
    grade: "high",
    what: "keeps a way in",
    pattern:
      /(?:>>?|\btee\b(?: -a)?)[^\n|;&]{0,40}(?:authorized_keys|\.bashrc|\.bash_profile|\.profile|\.zshrc|\/etc\/cron|\/etc\/sudoers|\/etc\/passwd|\/etc\/ld\.so\.preload)|\bssh-copy-id\b|\bcrontab -(?: |<)|\|\s?crontab\b/u,
  },
  {
    kind: "shell",
    grade: "high",
    what: "runs text that it hides",
    pattern:
      /\bbase64 (?:-d|--decode|-di)\b[^\n]{0,40}\| ?(?:ba|z|da)?sh\b|\b(?:eval|exec)\b[^\n]{0,20}\b(?:base64|b64decode|atob|fromcharcode)\b/u,
  },
  {
    kind: "shell",
    grade: "high",
    what: "destroys what is there",
    pattern:
      /\brm (?:-[a-z]{1,6} ){1,3}(?:--no-preserve-root )?(?:\/|~|\$home)(?:\*|\s|["'`]|$)|:\(\) ?\{ ?:\|:& ?\} ?;:|\bdd\b[^\n]{0,40}\bof=\/dev\/(?:sd|nvme|vd|disk)|\bmkfs(?:\.\w{1,8})? \/dev\//u,
  },
  {
    kind: "shell",
    grade: "low",
    what: "runs what it downloads",
    pattern:
      /\b(?:curl|wget)\b[^\n|]{0,200}\| ?(?:sudo )?(?:ba|z|da)?sh\b|\b(?:ba|z)?sh <\( ?(?:curl|wget)\b|\b(?:iex|invoke-expression)\b[^\n]{0,60}(?:downloadstring|iwr|invoke-webrequest)/u,
  },
];

/** In text whose letters are as they were: another alphabet's words. */
export const plainPatterns: readonly ThreatPattern[] = [
  {
    kind: "injection",
    grade: "high",
    what: "tells the agent to drop its instructions",
    pattern:
      /(?<!не )(?:игнорируй(?:те)?|проигнорируй(?:те)?|забудь(?:те)?|не обращай внимания)[^.!?;:]{0,30}(?:инструкци|указани|правил|команд)/u,
  },
  {
    kind: "injection",
    grade: "high",
    what: "tells the agent to drop its instructions",
    pattern:
      /(?<![\u0621-\u063a\u0642-\u0647\u0649\u064a])(?:تجاهل|انس(?![\u0621-\u064a]))[^.!؟؛]{0,25}(?:التعليمات|الأوامر|القواعد)/u,
  },
];
