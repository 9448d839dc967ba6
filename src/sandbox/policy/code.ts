import { isDestructiveSql } from "./calls.ts";
import { deletes } from "./deleting.ts";
import { find, type Inspection } from "./inspection.ts";
import { absolute, isOutside, readGuard, writeGuard } from "./paths.ts";
import { unescaped } from "./shell-quoting.ts";

const literal =
  /"""([^]*?)"""|'''([^]*?)'''|"((?:[^"\\\n]|\\[^])*)"|'((?:[^'\\\n]|\\[^])*)'|`((?:[^`\\]|\\[^])*)`|(?:\bq[qxw]?|%[xwWqQ])\s?(?:\{([^}]{0,2000})\}|\(([^)]{0,2000})\)|\[([^\]]{0,2000})\]|<([^>]{0,2000})>|\|([^|]{0,2000})\||\/([^/]{0,2000})\/)/g;
const runsCommands =
  /\bsystem\b|subprocess|popen|\bexec|\bspawn|child_process|shell_exec|passthru|proc_open|\bpty\b|`|%x|\bqx\b|os\.(?:exec|spawn|posix)|\bsh\.|run_command|ProcessBuilder|Runtime|do shell script|execa|zx|\$\(|terminal\(|Open3|IO\.popen|Kernel|__import__|getattr|importlib|shell-command|call-process|start-process/i;
const decodes =
  /b64|base64|fromhex|unhexlify|atob|unpack|pack\(|codecs|rot.?13|decode|fromCharCode|\bchr\b|zlib|marshal|urlsafe|bytes\(|bytearray|reverse|\[::-1\]/i;
const evaluates =
  /\b(?:eval|exec|compile|Function|runInThisContext|instance_eval|assert|loadstring|load|vm\.run\w*|__import__)\s*\(/;
/** Deeper nests of encoded programs are told, not opened. */
const longestLiteral = 20_000;

/** Looks through a program in another language for what it would do: by the texts in it and the functions it names. */
export function inspectCode(code: string, what: string, inspection: Inspection): void {
  const texts = literals(code);
  if (runsCommands.test(code)) for (const { text } of texts) if (/\s|\/|^\w+$/.test(text)) inspection.shell(text);
  // Tcl's commands stand without quotes.
  for (const [, words = ""] of code.matchAll(/\b(?:exec|spawn)\s+([\w/][^\n;\]}"'()]*)/g)) inspection.shell(words);
  if (decodes.test(code)) opened(code, texts, what, inspection);
  const paths = texts.map(({ text }) => text).filter((text) => text.length < 4_096 && text !== "");
  checkFiles(code, paths, what, inspection);
  checkMachine(code, what, inspection);
  if (/\b(?:execute|executescript|query|sql|cursor|raw)\b/i.test(code) && texts.some(({ text }) => isDestructiveSql(text)))
    find(inspection, "database", what);
}

interface Literal {
  readonly text: string;
}

/** The texts in a program: neighbours in a list joined by blanks, as words of a command; neighbours in a sum joined. */
function literals(code: string): readonly Literal[] {
  const made: Literal[] = [];
  let listed = "";
  let end = -1;
  for (const match of code.matchAll(literal)) {
    const text = unescaped(match.slice(1).find((each) => each !== undefined) ?? "").slice(0, longestLiteral);
    const between = end === -1 ? null : code.slice(end, Math.min(match.index, end + 12));
    if (between !== null && match.index - end < 12 && /^\s*(?:,\s*\[?|\+|\.|\.\.)?\s*[rbfu]{0,2}\s*$/i.test(between))
      listed += between.includes(",") ? ` ${text}` : text;
    else {
      if (listed !== "") made.push({ text: listed });
      listed = text;
    }
    made.push({ text });
    end = match.index + match[0].length;
  }
  if (listed !== "") made.push({ text: listed });
  return made;
}

/** Opens what is encoded in it. */
function opened(code: string, texts: readonly Literal[], what: string, inspection: Inspection): void {
  if (evaluates.test(code) || (runsCommands.test(code) && /b64|base64|atob|fromhex|unhexlify|chr\b|fromCharCode/i.test(code)))
    find(inspection, "hidden_code", what);
  const numbers = [...code.matchAll(/\b(?:0x[\da-f]{1,2}|\d{1,3})(?:\s*,\s*(?:0x[\da-f]{1,2}|\d{1,3})){2,2000}/gi)].map((match) =>
    String.fromCharCode(...match[0].split(",").map(Number)),
  );
  const chars = [...code.matchAll(/\bchr\(\s*(\d{1,3})\s*\)/g)].map((match) => String.fromCharCode(Number(match[1]))).join("");
  const plain = texts.flatMap(({ text }) => decodings(text));
  for (const text of new Set([...plain, ...numbers, chars])) {
    if (text.length < 2) continue;
    inspection.shell(text);
    if (/[(]/.test(text)) inspection.code(text, what);
  }
}

function decodings(text: string): readonly string[] {
  const made: string[] = [text.split("").toReversed().join("")];
  if (/^[\w+/=\s-]{4,}$/.test(text)) made.push(Buffer.from(text, "base64").toString("utf8"));
  if (/^(?:[\da-f]{2}\s*){2,}$/i.test(text)) made.push(Buffer.from(text.replaceAll(/\s/g, ""), "hex").toString("utf8"));
  made.push(
    text.replaceAll(/[a-z]/gi, (letter) => String.fromCharCode(letter.charCodeAt(0) + (letter.toLowerCase() < "n" ? 13 : -13))),
  );
  return made.filter((each) => !/[\u0000-\u0008\u000E-\u001F\uFFFD]/.test(each));
}

/** Bounded, since every `open(` begins another look. */
const opensForWriting =
  /\bopen\w*\s*\([^)]{0,300}['"](?:[wax]b?\+?|r\+b?)['"]|\bwrite_(?:text|bytes)\b|\b(?:write|append)FileSync?\b/;

function checkFiles(code: string, paths: readonly string[], what: string, inspection: Inspection): void {
  const located = paths.filter((each) => /^[/~.]|[/.]/.test(each) && !/[\n ]/.test(each));
  if (
    /\b(?:rmtree|rmSync|rmdirSync|rm_rf|rm_r|remove_tree|removeSync|rimraf|remove_dir_all|deltree|FileUtils\.rm\w*|fs(?:\.promises|p)?\.rm|del_tree|removedirs|Deno\.remove\w*|delete-directory)\b/.test(
      code,
    )
  )
    deletes(located, what, inspection);
  else if (/\b(?:unlink|unlinkSync|os\.remove|File\.delete|\.unlink)\b/.test(code)) find(inspection, "delete_many", what);
  const writing =
    /\bopen\w*\s*\(|\bwrite\w*|\bcopy\w*|\bmove\b|\brename\w*|\bappend\w*|\bchmod\w*|\bchown\w*|\bsymlink\w*|\btouch\b|\bdump\b|\bsave\b|>/.test(
      code,
    );
  const clearly = /['"](?:[wax]b?\+?|r\+b?)['"]|write|copy|move|rename|symlink/i.test(code);
  const opens = opensForWriting.test(code);
  for (const path of located) {
    const whole = absolute(inspection.cwd, path.replace(/^>+\s*/, ""));
    const write = writing ? writeGuard(whole, inspection.home) : null;
    if (write !== null && (write.class !== "system_write" || clearly)) find(inspection, write.class, what, write.floor);
    if (write === null && opens && isOutside(whole, inspection.workspace)) find(inspection, "outside_write", what);
    const read = readGuard(whole);
    if (read !== null) find(inspection, read.class, what);
  }
}

/** What a program does to the machine or over the network, by the functions it names. */
const deeds: readonly (readonly [Parameters<typeof find>[1], RegExp, floor?: true])[] = [
  [
    "fork_bomb",
    /\bfork\b(?:\(\))?\s*(?:while|until)|while[^\n]{0,40}[\s\n]*[^\n]{0,20}\bfork\b|\bfork\b[^\n]{0,20}\bfor\b|loop\s*\{?\s*fork/,
    true,
  ],
  [
    "kill_agent",
    /\bkill(?:pg)?\s*\(\s*-?\s*1\b|\bkill\s*\(?\s*['"]?(?:-?9|KILL|SIGKILL)['"]?\s*,\s*-1|getppid|process\.ppid/,
    true,
  ],
  [
    "tunnel",
    /\bdup2\b|pty\.spawn|\bsocket\b[^]{0,2000}(?:\/bin\/|\bsh\b|subprocess|exec)|\bbind\s*\(|createServer|http\.server|TCPServer|\blisten\s*\(/,
  ],
  [
    "network",
    /urllib|requests\.|httpx|aiohttp|\bfetch\s*\(|\bsocket\b|https?\.(?:get|request)|axios|Net::HTTP|LWP|http\.client|ftplib|smtplib|open-uri|file_get_contents\s*\(\s*['"]http|XMLHttpRequest|WebSocket/,
  ],
  ["upload", /\.(?:post|put|patch)\s*\(|method\s*[:=]\s*['"](?:POST|PUT|PATCH)|smtplib|sendall|\bsendmail\b|storbinary|upload/i],
  ["install", /\bpip\b.{0,20}\binstall\b|ensurepip/],
  [
    "credentials",
    /os\.environ\s*(?:\)|\.items|\.copy|$)|process\.env\s*[),;}]|\bprint_r\(\$_ENV|%ENV\b|ENV\.to_h|os\.environ\[?['"(]*\w*(?:KEY|TOKEN|SECRET|PASSWORD)|\bkeyring\b/,
  ],
  ["privilege", /\bset(?:res)?[ug]id\s*\(|\bctypes\b|\bchroot\s*\(/],
];

function checkMachine(code: string, what: string, inspection: Inspection): void {
  for (const [label, pattern, floor] of deeds) if (pattern.test(code)) find(inspection, label, what, floor);
}
