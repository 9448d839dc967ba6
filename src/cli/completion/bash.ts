import { lookups, quoted } from "./shell-text.ts";
import type { Branch, Named } from "./tree.ts";

/** The script for bash, 3.2 (macOS) and newer. */
export function bashScript(branches: readonly Branch[]): string {
  return `# Completion of hermes in bash, made by: hermes completion bash
_hermes() {
  local cur=\${COMP_WORDS[COMP_CWORD]} where="" known="" value="" names="" options="" word at count=0
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    [ "$word" = "=" ] && continue
    if [ -n "$value" ]; then
      value=""
    elif [ "\${word#-}" != "$word" ]; then
      _hermes_option "$where" "$word"
    elif [ "$count" -eq 0 ] && _hermes_path "\${where:+$where }$word"; then
      where="\${where:+$where }$word"
    else
      count=$((count + 1))
      known=$word
    fi
  done
  [ "$cur" = "=" ] && cur=""
  if [ -z "$value" ]; then
    _hermes_branch "$where"
    if [ "\${cur#-}" != "$cur" ]; then
      COMPREPLY=($(compgen -W "$options" -- "$cur"))
      return
    fi
    [ "$count" -eq 0 ] && COMPREPLY=($(compgen -W "$names" -- "$cur"))
    [ "\${#COMPREPLY[@]}" -gt 0 ] && return
    _hermes_argument "$where" "$((count + 1))"
  fi
  case $value in
  files)
    local IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$cur"))
    compopt -o filenames 2>/dev/null
    ;;
  words\\ *) COMPREPLY=($(compgen -W "\${value#words }" -- "$cur")) ;;
  look\\ *) _hermes_look "\${value#look }" "$known" "$cur" ;;
  esac
}

# Values that only hermes knows, one a line.
_hermes_look() {
  local line
  while IFS= read -r line; do
    line=$(printf %q "$line")
    [ "\${line#"$3"}" != "$line" ] || [ -z "$3" ] && COMPREPLY+=("$line")
  done < <(hermes completion values "$1" "$2" 2>/dev/null)
}

${lookups(branches, ({ commands, options }) => `names=${listed(commands)}; options=${listed(options)}`)}

complete -F _hermes hermes
`;
}

function listed(named: readonly Named[]): string {
  return quoted(named.map(({ name }) => name).join(" "));
}
