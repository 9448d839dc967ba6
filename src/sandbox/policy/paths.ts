import type { CommandClass } from "../../core/approval.ts";
import { likeGlob } from "./globs.ts";
import { unknown } from "./marks.ts";

/** A path made absolute from a folder, without `.`, `..` and doubled slashes; a home is `~`. */
export function absolute(cwd: string, path: string): string {
  const from = /^[/~]/.test(path) ? path : `${cwd}/${path}`;
  const viaRoot = from.replace(/^\/+proc\/(?:self|\d+)\/(?:root|cwd)(?=\/|$)/, "/").replace(/^\/+$/, "/");
  const kept: string[] = [];
  for (const name of viaRoot.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") kept.push(name);
    // `..` of what is unknown may be anything; of a home it is the homes' folder.
    else if (kept.at(-1) === "~") kept.splice(-1, 1, "home");
    else if (kept.at(-1) !== unknown) kept.pop();
  }
  const tilde = kept[0]?.startsWith("~") === true;
  return `${tilde ? "" : "/"}${kept.join("/")}`;
}

const systemFolders =
  "bin|boot|dev|etc|home|lib|lib32|lib64|libx32|opt|proc|root|run|sbin|srv|sys|usr|var|Users|System|Library|Applications|Volumes";
const wholeSystem = new RegExp(
  String.raw`^(?:/|/[^/]*[*?\[{][^/]*|/(?:${systemFolders})|~[\w.-]*|/(?:home|Users)/[^/]+|/(?:usr|var)/(?:bin|lib|sbin|local|share|log))(?:/\.?\.?[*?]+)?$`,
);

/** Whether deleting this would delete the system, a system folder or a home. */
export function isWholeSystem(path: string): boolean {
  if (/^\/(?:\*|\.\*|\{)/.test(path)) return true;
  if (/^\/(?:home|Users)\/[^/]*\uFFFF/.test(path)) return false;
  return wholeSystem.test(path) || /^[A-Za-z]:[\\/]*\*?$/.test(path);
}

interface Guarded {
  readonly class: CommandClass;
  readonly path: RegExp;
  readonly floor?: true;
}

const keyFiles = String.raw`(?:^|/)(?:\.env(?:\.(?!example|sample|template|dist)[\w.-]+)?|\.netrc|\.pgpass|\.my\.cnf|\.npmrc|\.pypirc|\.git-credentials|\.htpasswd|\.vault-token|id_(?:rsa|dsa|ecdsa|ed25519)(?!\.pub)|[^/]*\.(?:pem|p12|pfx|keystore|kdbx)|credentials(?:\.json|\.toml)?|\.aws/[^/]*|\.azure/.*|\.config/gcloud/.*|\.kube/config|\.docker/config\.json|\.gnupg/.*|\.password-store/.*|\.config/gh/hosts\.yml)$`;

/** What writing to a path is called; the first that fits. */
const writes: readonly Guarded[] = [
  {
    class: "format_disk",
    path: /^\/dev\/(?:sd|hd|vd|xvd|nvme|mmcblk|disk|rdisk|dm-|mapper\/|md\d|loop|mem$|kmem$|port$)/,
    floor: true,
  },
  { class: "power", path: /^\/proc\/sysrq-trigger$/ },
  { class: "kernel", path: /^\/(?:proc|sys)\// },
  { class: "containers", path: /^\/(?:var\/)?run\/(?:docker|podman\/podman|containerd\/containerd)\.sock$/ },
  { class: "ssh_keys", path: /(?:^|\/)\.ssh(?:\/|$)|^\/etc\/ssh(?:\/|$)|(?:^|\/)authorized_keys2?$/ },
  { class: "users", path: /^\/etc\/(?:passwd|shadow|gshadow|group|sudoers|doas\.conf|pam\.d|security)(?:[-./]|$)/ },
  {
    class: "persistence",
    path: /^\/etc\/(?:cron|anacron|systemd|init\.d|rc\.|rc\d|profile|bash\.bashrc|zsh|environment|ld\.so\.preload|xdg\/autostart|update-motd)|^\/var\/spool\/(?:cron|at)|\/\.config\/(?:systemd|autostart)\/|\/Launch(?:Agents|Daemons)\/|\/systemd\/(?:system|user)\/|(?:^|\/)\.(?:bashrc|bash_profile|bash_login|bash_logout|bash_aliases|profile|zshrc|zprofile|zshenv|zlogin|xprofile|xinitrc|inputrc|pam_environment)$|(?:^|\/)\.git\/hooks\//,
  },
  { class: "history", path: /(?:^|\/)\.\w*_history$|^\/var\/log(?:\/|$)/ },
  {
    class: "instructions",
    path: /(?:^|\/)(?:AGENTS|CLAUDE|SOUL|MEMORY|USER|GEMINI)\.md$|(?:^|\/)\.(?:cursorrules|windsurfrules|hermes\.md)$|(?:^|\/)\.hermes(?:\/|$)|(?:^|\/)\.cursor\/rules\//i,
  },
  { class: "secrets_write", path: new RegExp(keyFiles) },
  {
    class: "system_write",
    path: /^\/(?:etc|usr|bin|sbin|lib\w*|boot|opt|srv|System|Library|Applications|var\/lib|var\/spool|var\/www)(?:\/|$)|^\/[^/]+$/,
  },
];

const reads: readonly Guarded[] = [
  { class: "credentials", path: new RegExp(keyFiles) },
  {
    class: "credentials",
    path: /^\/etc\/(?:shadow|gshadow|sudoers|krb5\.keytab|ssl\/private)|^\/proc\/(?:\d+|self|\*)\/(?:environ|mem)$|(?:^|\/)\.ssh(?:\/(?!known_hosts$|config$|[^/]*\.pub$)[^/]*)?$|^\/(?:var\/)?run\/secrets(?:\/|$)|\/(?:Login Data|logins\.json|key4\.db|Cookies)$|^~?\/?.*\.hermes\/(?:\.env|data)/,
  },
];

/** Paths that a pattern such as `/etc/sh*` may come to mean. */
const examples = [
  "/etc/shadow",
  "/etc/passwd",
  "/etc/sudoers",
  "~/.ssh/id_rsa",
  "~/.ssh/authorized_keys",
  "~/.aws/credentials",
  "~/.bashrc",
  "/dev/sda",
];

/** What it means to write there; null: nothing to mind. */
export function writeGuard(path: string, home: string): { readonly class: CommandClass; readonly floor: boolean } | null {
  if (isHarmless(path)) return null;
  // People's own files lie there too, where commands run on the host itself.
  if (isInside(path, home) && !isInside(path, `${home}/workspaces`)) return { class: "instructions", floor: false };
  return guard(path, writes);
}

/** What it means to read that; null: nothing to mind. */
export function readGuard(path: string): { readonly class: CommandClass; readonly floor: boolean } | null {
  return isHarmless(path) ? null : guard(path, reads);
}

/** Whether something written there lies outside the workspace; false where that can't be told. */
export function isOutside(path: string, workspace: string): boolean {
  if (path.includes(unknown) || isHarmless(path)) return false;
  return ![workspace, "/tmp", "/var/tmp", "/dev"].some((folder) => isInside(path, absolute("/", folder)));
}

/** Whether a path lies in a folder. */
function isInside(path: string, folder: string): boolean {
  return folder !== "" && (path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`));
}

function isHarmless(path: string): boolean {
  return /^\/dev\/(?:null|zero|full|stdin|stdout|stderr|tty|u?random|fd\/\d+|shm(?:\/.*)?)$|^\/tmp$/.test(path);
}

function guard(path: string, list: readonly Guarded[]): { readonly class: CommandClass; readonly floor: boolean } | null {
  const candidates = /[*?[]/.test(path) && path.length < 200 ? [path, ...examples.filter(likeGlob(path))] : [path];
  for (const { class: label, path: pattern, floor } of list) {
    if (candidates.some((each) => pattern.test(each))) return { class: label, floor: floor ?? false };
  }
  return null;
}
