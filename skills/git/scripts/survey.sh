#!/bin/sh
# Where a repository stands. Changes nothing, asks no server.
# usage: survey.sh [DIRECTORY]
set -u
cd "${1:-.}" || exit 1
if ! git rev-parse --git-dir >/dev/null 2>&1; then
  echo "$(pwd) is no git repository." >&2
  exit 1
fi
dir=$(git rev-parse --git-dir)
branch=$(git symbolic-ref --quiet --short HEAD || echo "detached at $(git rev-parse --short HEAD 2>/dev/null || echo 'no commit')")
echo "branch: $branch"
upstream=$(git rev-parse --abbrev-ref --symbolic-full-name '@{u}' 2>/dev/null) || upstream=
if [ -n "$upstream" ]; then
  set -- $(git rev-list --left-right --count "HEAD...$upstream")
  echo "upstream: $upstream, $1 ahead, $2 behind (as of the last fetch)"
else
  echo "upstream: none"
fi
for state in MERGE_HEAD:merge CHERRY_PICK_HEAD:cherry-pick REVERT_HEAD:revert rebase-merge:rebase rebase-apply:rebase BISECT_LOG:bisect; do
  if [ -e "$dir/${state%%:*}" ]; then echo "HALF DONE: a ${state##*:}; finish it or abort it before anything else"; fi
done
changed=$(git status --porcelain | wc -l | tr -d ' ')
echo "not committed: $changed"
git status --short | head -n 20
conflicts=$(git diff --name-only --diff-filter=U | wc -l | tr -d ' ')
if [ "$conflicts" -gt 0 ]; then echo "in conflict: $conflicts"; fi
stashes=$(git stash list 2>/dev/null | wc -l | tr -d ' ')
echo "stashes: $stashes"
echo "newest commits:"
git log -8 --format='  %h %ad %an: %s' --date=short 2>/dev/null || echo "  none yet"
echo "most changed files of the last 100 commits:"
git log -100 --format= --name-only 2>/dev/null | grep . | sort | uniq -c | sort -rn | head -n 5
