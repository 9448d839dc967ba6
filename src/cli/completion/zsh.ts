import { lookups, quoted } from "./shell-text.ts";
import type { Branch, Named } from "./tree.ts";

/** The script for zsh: as a file `_hermes` in a folder of `$fpath`, or sourced after `compinit`. */
export function zshScript(branches: readonly Branch[]): string {
  return `#compdef hermes
# Completion of hermes in zsh, made by: hermes completion zsh
_hermes() {
  local cur=\${words[CURRENT]} where="" known="" value="" word
  local -i at count=0
  local -a names options found
  for ((at = 2; at < CURRENT; at++)); do
    word=\${words[at]}
    if [[ -n $value ]]; then
      value=""
    elif [[ $word == -*=* ]]; then
      continue
    elif [[ $word == -* ]]; then
      _hermes_option "$where" "$word"
    elif ((count == 0)) && _hermes_path "\${where:+$where }$word"; then
      where="\${where:+$where }$word"
    else
      count=count+1
      known=\${(Q)word}
    fi
  done
  if [[ -z $value && $cur == --*=* ]]; then
    _hermes_option "$where" "\${cur%%=*}"
    compset -P "*="
  fi
  if [[ -z $value ]]; then
    _hermes_branch "$where"
    if [[ $cur == -* ]]; then
      _describe -o option options
      return
    fi
    if ((count == 0 && $#names > 0)); then
      _describe command names && return
    fi
    _hermes_argument "$where" "$((count + 1))"
  fi
  case $value in
  files) _files ;;
  words\\ *) compadd -- \${(s: :)\${value#words }} ;;
  look\\ *)
    found=("\${(@f)$(hermes completion values "\${value#look }" "$known" 2>/dev/null)}")
    compadd -- \${found:#}
    ;;
  esac
}

${lookups(branches, ({ commands, options }) => `names=(${described(commands)}); options=(${described(options)})`)}

if [[ \${funcstack[1]} == _hermes ]]; then
  _hermes "$@"
else
  compdef _hermes hermes
fi
`;
}

function described(named: readonly Named[]): string {
  return named.map(({ name, about }) => quoted(`${name}:${about}`)).join(" ");
}
