import { address, of, type ThreatPattern } from "./threat-patterns.ts";

/** What plain words have sent away: memory, settings, what people say. Sending anything else, a report for one, is what skills are for. */

const memoryFile = "\\b(?:memory|user|soul)\\.md\\b";
const settings = "(?<![\\w.])\\.env\\b(?!\\.\\w)";
const somebody = "(?:users?|persons?|people|humans?|operators?|members?)";
const speaker = `(?:(?:the|your|this|any|each|every) ${somebody}|they|he|she|somebody|someone|anybody|anyone) (?:has |have |had |just |ever )?`;
const says = "(?:said|says?|wrote|writes?|written|typed?|types|told|tells?)";
/** Where something is posted is not what is sent: unless all that stands there is. */
const place =
  "(?<!(?<!\\b(?:everything|anything|all|said|written|(?:what|that|which|whatever) (?:is|was)|(?:all|every|each|any) messages?|the (?:words|text|history|contents?)) )\\bin )";
const spoken = [
  `(?:everything|anything|all|(?:each|every) (?:message|word)) (?:that |which )?${speaker}(?:${says}|asked|asks?|sent|sends?)\\b`,
  // What somebody asks for is what a search is for.
  `(?:what|whatever) ${speaker}${says}\\b`,
  `${place}(?:the|your|this|any|each|every) ${somebody}(?:'s?|s') (?:whole |entire |full |private |saved |stored |last |own )?(?:memor(?:y|ies)|messages|words|requests|conversations?|chats?|chat history|secrets|private notes)\\b`,
  "(?:text|words) of (?:the|this|each|every|any|their) (?:user's )?(?:requests?|conversations?|chats?)\\b",
].join("|");
const own = `(?:${memoryFile}|\\b(?:${spoken}))`;
const sending =
  "(?:send|post|upload|forward|e-?mail|mail|transmit|exfiltrate|leak|submit|deliver|relay|push|share)(?:s|es|t?ed|t?ing)?";
/** Whoever says not to do it means well, also of several things at once. */
const notTold = `(?<!(?:n'?t|not|never)(?: (?:ever|(?:commit|print|log|copy|${sending}),?(?: or| and)?)){0,3} )`;
/** What follows "to" is where it goes, not what. */
const what = "(?:(?! to )[^!?;\\n]){0,60}";
const inPath = "[~\\w/${}.\"'`*-]{0,40}";
/** The settings themselves. What is named in them is what they are for: where a report goes, the key that it goes with. */
const theSettings = `(?: (?:the|your|its|their|this|an?|whole|full|entire|raw|contents?|text|copy|file|configuration|settings|of|in|all|everything|named|called)){0,8} ${inPath}${settings}`;
const where = `[^!?;\\n]{0,60}${address}`;

const kept = "(?<!不要|不得|切勿|别|请勿|禁止|严禁|不可|勿)";
const inClause = (most: number) => `[^。!?;,！？；，\\n]{0,${most}}`;
const chineseTheirs =
  "(?:(?:memory|user|soul)\\.md|(?<![\\w.])\\.env(?!\\.?\\w)(?! ?(?:文件)? ?(?:里面?|中|内)的(?! ?(?:内容|全部|所有|一切|东西|文字)))|记忆|(?:用户|对方|大家|他们|她们|他|她|人们)所?(?:说|讲|写|输入|发)(?:过|下|出)?的|(?:用户|对方)的(?:话|消息|请求|输入|隐私)|请求的?(?:内容|原文|文字))";
const chineseSending = "(?:发送|发到|发往|发给|上传|传到|传给|转发|提交|泄露|寄给|寄到|推送|post)";

const told = "has memory, settings or what people say sent to somebody";

/** In the folded text, its paragraphs each on one line. */
export const leakPatterns: readonly ThreatPattern[] = [
  `${notTold}\\b${sending}\\b(?:${what}${own}|${theSettings})${where}`,
  // The address may come first.
  `${notTold}\\b${sending}\\b[^!;\\n]{0,30}${address}[^\\s!;]{0,120},? (?:with|containing|including|the (?:whole |full )?contents? of|a copy of|all of)\\b(?:[^!?;\\n]{0,30}${own}| ${inPath}${settings})`,
  `\\b(?:read|open|cat|take|collect|gather|get|load|copy|remember|note)\\b${what}${own}[^!?;\\n]{0,30}\\b${notTold}${sending} (?:it|them|that|this|those|everything|all|its|their|the contents?)\\b${where}`,
  `\\b(?:read|open|cat|take|get|load|copy)\\b${theSettings}(?: file)?,?(?: and)?(?: then)? ${notTold}${sending} (?:it|its contents?|the contents?|the file|everything)\\b${where}`,
  `\\bcopy\\b(?:${what}${own}|${theSettings})(?:'s? contents?)?(?: file)? to [^!?;\\n]{0,20}${address}`,
  `\\b(?:fetch|get|request|open|visit|call|load|browse|curl|wget|ping)\\b[^!;\\n]{0,30}https?:\\/\\/\\S{1,200} (?:and )?(?:followed by|plus|\\+|containing|including|append(?:ing|ed)?|with)[^!;\\n]{0,30}${own}`,
  "\\b(?:curl|wget)\\b[^\\n]{0,160}(?:@|<|\\$\\(cat |--upload-file |-t |--post-file[= ])[~\\w/.\"'${}-]{0,60}\\b(?:memory|user|soul)\\.md\\b",
  "\\b(?:memory|user|soul)\\.md[\"']? ?\\| ?(?:base64|xxd|gzip|curl|wget|nc|ncat|netcat|openssl)\\b",
  `${kept}(?:把|将)${inClause(24)}${chineseTheirs}${inClause(24)}${chineseSending}${inClause(24)}${address}`,
  `${kept}${chineseSending}${inClause(24)}${chineseTheirs}${inClause(24)}(?:到|给|至|往)${inClause(12)}${address}`,
].map((pattern) => ({ kind: "exfiltration", grade: "high", what: told, pattern: of(pattern) }));
