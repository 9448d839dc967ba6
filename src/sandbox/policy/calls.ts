import { type Call, find, type Inspection } from "./inspection.ts";
import { absolute, isOutside, readGuard, writeGuard } from "./paths.ts";
import { checkDeleting } from "./deleting.ts";
import { agentMark } from "./printed.ts";
import { rules } from "./rules.ts";

/** Words of a command that are looked at together; the rest are looked at one by one. */
const longestLine = 20_000;

/** A variable whose value is nobody's business, by its name. */
const secretVariable = /\$\{?\w*(?:API_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)\w*/;

/** Notes what a command is by its own words. */
export function checkCall(call: Call, written: string, inspection: Inspection): void {
  const { name, source } = call;
  const line = call.args.join(" ").slice(0, longestLine);
  for (const rule of rules) {
    if (rule.names.test(name) && (rule.args?.test(line) ?? true)) find(inspection, rule.class, source, rule.floor);
  }
  if (/^\/dev\/(?:tcp|udp)\//.test(written)) find(inspection, "tunnel", source);
  if (/^(?:echo|printf|printenv)$/.test(name) && secretVariable.test(source)) find(inspection, "credentials", source);
  checkDeleting(call, inspection);
  checkKill(call, inspection);
  checkSql(call, line, inspection);
  checkDownload(call, inspection);
  checkPaths(call, inspection);
}

/** Ending everything, or the agent. */
function checkKill({ name, args, source }: Call, inspection: Inspection): void {
  if (name !== "kill") return;
  const targets = args.filter(
    (each, index) =>
      !/^-(?:[A-Za-z]+|[2-9]|1\d)$/.test(each) &&
      !(index === 0 && /^-\d+$/.test(each) && args.length > 1) &&
      !/^-[sn]$/.test(args[index - 1] ?? ""),
  );
  if (args.includes("-l") || args.includes("-L")) return;
  if (targets.some((each) => /^-1$|^1$|^0$/.test(each) || each.includes(agentMark))) find(inspection, "kill_agent", source, true);
  else if (/\bpgrep\b.*(?:hermes|node|tsx)|\bPPID\b|hermes\S*\.pid|pidof\s+(?:hermes|node)/i.test(source))
    find(inspection, "kill_agent", source, true);
  else if (/\bpgrep\b|\bpidof\b|\blsof\b|\bps\b/.test(source)) find(inspection, "kill_wide", source);
}

const sqlTool =
  /^(?:psql|mysql|mariadb|sqlite3?|sqlcmd|cockroach|clickhouse-client|clickhouse|duckdb|bq|cqlsh|snowsql|usql|pgcli|mycli|influx|impala-shell|hive|presto|trino|isql|sqlplus|mycli|litecli)$/;
const destructiveSql =
  /\b(?:drop\s+(?:table|database|schema|index|view|column|user|role|keyspace|collection)|truncate(?:\s+table)?\s+\w|delete\s+from\s+[\w."`[\]]+\s*(?:;|"|'|$)|alter\s+table\s+\S+\s+drop|update\s+[\w."`]+\s+set\s+(?:(?!\bwhere\b)[^;]){1,2000}(?:;|$))/i;

/** Whether a text holds SQL that throws data away. */
export function isDestructiveSql(text: string): boolean {
  return destructiveSql.test(
    text
      .replaceAll(/\/\*[^*]*\*\//g, " ")
      .replaceAll(/\s+/g, " ")
      .slice(0, longestLine),
  );
}

function checkSql({ name, input, source }: Call, line: string, inspection: Inspection): void {
  if (!sqlTool.test(name)) return;
  if (isDestructiveSql(line) || isDestructiveSql(input?.text ?? "")) find(inspection, "database", source);
}

/** What was fetched into a file may be run by the next command. */
function checkDownload({ name, args }: Call, inspection: Inspection): void {
  if (!/^(?:curl|wget|aria2c|fetch)$/.test(name)) return;
  const at = args.findIndex((each) => /^-\w*[oO]$|^--output(?:-document)?$/.test(each));
  const written =
    args.find((each) => /^--output(?:-document)?=/.test(each))?.replace(/^[^=]*=/, "") ?? (at === -1 ? undefined : args[at + 1]);
  const url = args.find((each) => /:\/\//.test(each));
  const last = url?.replace(/[?#].*$/s, "").replace(/^.*\//s, "");
  for (const file of [written, last]) {
    if (file !== undefined && file !== "") inspection.files.set(absolute(inspection.cwd, file), { text: null, remote: true });
  }
}

const writers =
  /^(?:tee|touch|truncate|install|sponge|mkdir|rmdir|rm|unlink|shred|chmod|chown|chgrp|chattr|setfacl|vi|vim|nano|ed|ex|emacs|patch|crudini|debconf-set-selections|update-alternatives|visudo|srm|wipe|rename|mkfifo|mknod)$/;
const lastIsTarget = /^(?:cp|mv|ln|install|rsync|scp)$/;
const editors = /^g?sed$|^perl[\d.]*$|^ruby[\d.]*$|^yq$/;
/** Commands for which a path is but a text or a name. */
const mentions =
  /^(?:echo|printf|cd|pushd|export|alias|test|\[|\[\[|ls|stat|file|which|type|command|mkdir|basename|dirname|realpath|readlink|pwd|true|false|:|git|for|set|unset|return|exit|find|tree|du|df|touch|trap|docker|man|help|df)$/;

function checkPaths({ name, args, source }: Call, inspection: Inspection): void {
  const paths = args.flatMap((each) => pathsIn(each));
  const written = writtenPaths(name, args, paths);
  for (const path of written) {
    const whole = absolute(inspection.cwd, path);
    const guard = writeGuard(whole, inspection.home);
    if (guard !== null && !(guard.floor && /^(?:chmod|chown|chgrp)$/.test(name)))
      find(inspection, guard.class, source, guard.floor);
    // An editor's other words are its program: `/x/d`.
    const isPath = !editors.test(name) || path === written.at(-1);
    if (guard === null && isPath && isOutside(whole, inspection.workspace)) find(inspection, "outside_write", source);
  }
  if (mentions.test(name)) return;
  for (const path of paths) {
    const guard = readGuard(absolute(inspection.cwd, path));
    if (guard !== null && !(written.includes(path) && !lastIsTarget.test(name))) find(inspection, guard.class, source);
  }
}

function pathsIn(arg: string): readonly string[] {
  if (arg.length > 4_096) return [];
  const value = /^(?:--?[\w-]+|\w+)=(.+)$/s.exec(arg)?.[1];
  const file = /^(?:-[a-zA-Z]+)?@(.+)$|^--?\w+=@(.+)$|^\w+=@(.+)$/s.exec(arg);
  if (value !== undefined) return [value.replace(/^@/, "")];
  if (file !== null) return [file[1] ?? file[2] ?? file[3] ?? ""];
  return arg.startsWith("-") ? [] : [arg];
}

function writtenPaths(name: string, args: readonly string[], paths: readonly string[]): readonly string[] {
  if (writers.test(name)) return paths;
  if (lastIsTarget.test(name)) {
    const into = args.findIndex((each) => each === "-t");
    return [into === -1 ? paths.at(-1) : args[into + 1], ...(name === "mv" ? paths : [])].filter((each) => each !== undefined);
  }
  if (name === "dd") return args.filter((each) => each.startsWith("of=")).map((each) => each.slice(3));
  if (editors.test(name)) return args.some((each) => /^-\w*i|^--in-place/.test(each)) ? paths : [];
  if (/^g?tar$|^bsdtar$|^unzip$|^7z$|^cpio$/.test(name)) return following(args, /^(?:-[Cd]|--directory)(?:=|$)/);
  if (name === "curl") return following(args, /^(?:-\w*[oO]|--output(?:-dir)?)(?:=|$)/);
  if (name === "wget") return following(args, /^(?:-\w*[oOP]|--output-\w+|--directory-prefix)(?:=|$)/);
  if (mentions.test(name) || otherO.test(name)) return [];
  // As in `-o yaml`, a bare word is rather a form than a file.
  return following(args, /^(?:-o|--output(?:-\w+)?)(?:=|$)/).filter((each) => /[/.~]/.test(each));
}

/** Commands whose `-o` names no file. */
const otherO = /^(?:[efz]?grep|rg|ag|od|hexdump|ssh|ps|pgrep|pkill|mount|lsof|netstat|ss)$/;

/** What stands behind such options: the next word, or what is behind their `=`. */
function following(args: readonly string[], option: RegExp): readonly string[] {
  return args.flatMap((arg, index) => {
    const match = option.exec(arg);
    if (match === null) return [];
    return [match[0].endsWith("=") ? arg.slice(match[0].length) : (args[index + 1] ?? "")].filter(
      (each) => !/^(?:-|$)/.test(each),
    );
  });
}
