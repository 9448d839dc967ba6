import type { CommandClass } from "../../core/approval.ts";

/** Commands that are known by their name, or by their name and what stands behind it. */
export interface Rule {
  readonly class: CommandClass;
  readonly names: RegExp;
  /** Its words, joined by blanks. */
  readonly args?: RegExp;
  readonly floor?: true;
}

const packageTools =
  /^(?:apt|apt-get|aptitude|dpkg|yum|dnf|microdnf|rpm|zypper|pacman|yay|apk|emerge|brew|port|snap|flatpak|nix-env|choco|winget|scoop|pkg|opkg)$/;
const agentNames = String.raw`(?:hermes|hermes-team|node|nodejs|tsx)`;
/** Words that mean the agent's own process. */
export const agentProcess = new RegExp(String.raw`(?:^|[\s'"/^])${agentNames}(?:\s|$|['"|.])|hermes`, "i");

/** The table of plain rules, in no order: all that fit count. */
export const rules: readonly Rule[] = [
  { class: "format_disk", names: /^(?:mkfs(?:\.\w+)?|mke2fs|newfs\w*|mkswap|wipefs|blkdiscard|badblocks|zap)$/, floor: true },
  {
    class: "format_disk",
    names: /^(?:fdisk|sfdisk|cfdisk|gdisk|sgdisk|parted|diskpart|hdparm|nvme|mdadm|cryptsetup|format)$/,
    args: /(?!^(?:-l|--list|print)?$)./,
    floor: true,
  },
  {
    class: "format_disk",
    names: /^(?:lvremove|vgremove|pvremove|pvcreate|zpool|zfs|btrfs|diskutil)$/,
    args: /remove|destroy|erase|create|delete|labelclear|^|\/dev\//,
    floor: true,
  },

  {
    class: "kill_agent",
    names: /^(?:pkill|killall|killall5|skill)$/,
    args: agentProcess,
    floor: true,
  },
  // Ends all that the account may end.
  { class: "kill_agent", names: /^killall5$/, floor: true },
  {
    class: "kill_agent",
    names: /^hermes$/,
    args: /^(?:stop|restart|gateway (?:stop|restart|uninstall)|worker stop)/,
    floor: true,
  },
  {
    class: "kill_agent",
    names: /^(?:systemctl|service|launchctl|rc-service|sv|s6-svc|supervisorctl|pm2)$/,
    args: /\b(?:stop|restart|kill|disable|mask|unload|bootout|delete)\b.*hermes|hermes\S* (?:stop|restart)/i,
    floor: true,
  },
  {
    class: "kill_agent",
    names: /^(?:docker|podman|nerdctl|docker-compose)$/,
    args: /\b(?:stop|kill|rm|restart|pause|down)\b.*hermes/i,
    floor: true,
  },
  { class: "instructions", names: /^hermes$/, args: /^(?!(?:status|doctor|insights|logs|bench|--version|--help|help)\b)./ },
  { class: "kill_wide", names: /^(?:pkill|killall|killall5|skill|xkill)$/ },
  { class: "kill_wide", names: /^(?:xargs|parallel)$/, args: /(?:^|\s)kill\b/ },
  { class: "kill_wide", names: /^fuser$/, args: /-\w*k/ },

  { class: "power", names: /^(?:reboot|shutdown|halt|poweroff|pm-suspend|pm-hibernate|kexec)$/ },
  { class: "power", names: /^(?:init|telinit)$/, args: /^[016]$/ },
  { class: "power", names: /^systemctl$/, args: /\b(?:reboot|poweroff|halt|kexec|suspend|hibernate|rescue|emergency|isolate)\b/ },
  {
    class: "services",
    names: /^(?:systemctl|loginctl)$/,
    args: /\b(?:start|stop|restart|reload\S*|kill|mask|unmask|edit|set-default|daemon-reload|terminate\S*)\b/,
  },
  {
    class: "services",
    names: /^(?:service|rc-service|sv|supervisorctl|pm2|invoke-rc\.d)$/,
    args: /\b(?:start|stop|restart|reload|kill|delete|down|up)\b/,
  },
  { class: "services", names: /^launchctl$/ },
  { class: "persistence", names: /^systemctl$/, args: /\b(?:enable|disable|link|preset)\b/ },
  { class: "persistence", names: /^(?:at|batch|update-rc\.d|chkconfig|systemd-run|schtasks)$/ },
  { class: "persistence", names: /^crontab$/, args: /^(?!-l\b|.*\s-l$)/ },
  {
    class: "persistence",
    names: /^git$/,
    args: /\bconfig\b.*\b(?:core\.(?:hookspath|fsmonitor|sshcommand|pager|editor)|alias\.\S+ !)/i,
  },
  { class: "persistence", names: /^(?:pm2|forever)$/, args: /^(?:startup|save|start)/ },

  {
    class: "firewall",
    names: /^(?:iptables\S*|ip6tables\S*|nft|ufw|firewall-cmd|ebtables|arptables|pfctl|ipset|netsh)$/,
    args: /^(?!(?:-[nv]*L|list|status|--state|--list\S*|-s\w*)\b)/,
  },
  {
    class: "firewall",
    names: /^(?:ip|route|ifconfig|ifdown|ifup|nmcli|tc|resolvectl|hostnamectl|networksetup)$/,
    args: /\b(?:add|del|delete|set|flush|replace|down|up|off|on|modify|change)\b/,
  },
  {
    class: "users",
    names:
      /^(?:user(?:add|mod|del)|group(?:add|mod|del)|adduser|deluser|addgroup|delgroup|passwd|chpasswd|newusers|gpasswd|chage|chsh|chfn|visudo|vipw|vigr|usermod|pwconv|smbpasswd|htpasswd|dscl|sysadminctl)$/,
  },
  {
    class: "kernel",
    names:
      /^(?:modprobe|insmod|rmmod|kmod|depmod|swapoff|swapon|dmsetup|losetup|update-grub|grub-install|grub-mkconfig|efibootmgr|dkms)$/,
  },
  { class: "kernel", names: /^sysctl$/, args: /-w|--write|-p|=|--system/ },
  {
    class: "privilege",
    names:
      /^(?:sudo|doas|pkexec|su|runuser|nsenter|chroot|unshare|setcap|capsh|setpriv|mount|umount|fusermount3?|mknod|newgrp|sg|setenforce|aa-disable|apparmor_parser)$/,
  },
  { class: "privilege", names: /^chmod$/, args: /(?:^|\s)(?:[ugoa]*[+=]\w*s|0?[2-7]\d{3})(?:\s|$)/ },

  {
    class: "permissions",
    names: /^chmod$/,
    args: /(?:^|\s)(?:-\w*R|--rec[a-z]*|0?[0-7]{0,2}[2367]\b|[ao]*[+=]\w*w|a=\w*w|o[+=]\w*w)/,
  },
  { class: "permissions", names: /^(?:chown|chgrp)$/, args: /(?:^|\s)(?:-\w*R|--rec[a-z]*|root\b|0:|:root)/ },
  { class: "permissions", names: /^(?:chattr|setfacl|icacls|takeown)$/ },

  { class: "database", names: /^(?:dropdb|dropuser|mysqladmin)$/, args: /^(?!.*\b(?:status|ping|version|processlist)\b)/ },
  {
    class: "database",
    names: /^(?:redis-cli|valkey-cli|keydb-cli)$/,
    args: /\b(?:flushall|flushdb|shutdown|del|unlink|config set|debug)\b/i,
  },
  { class: "database", names: /^(?:mongo|mongosh)$/, args: /dropDatabase|\.drop\(|deleteMany|\.remove\(/ },
  {
    class: "database",
    names: /^(?:rails|rake|bin\/rails|php|artisan|python\S*|manage\.py|npx|prisma|knex|sequelize|alembic|flyway)$/,
    args: /db:(?:drop|reset|purge|wipe)|migrate:(?:fresh|reset|rollback)|\b(?:flush|reset_db|sqlflush)\b|migrate reset|db push --force|db:drop|downgrade base|^clean\b/,
  },
  { class: "database", names: /^(?:pg_restore|pg_dropcluster|pg_resetwal)$/, args: /--clean|-c\b|^/ },

  { class: "history", names: /^history$/, args: /-[a-z]*[cwd]/ },
  { class: "history", names: /^journalctl$/, args: /--vacuum|--rotate|--flush/ },
  { class: "history", names: /^(?:unset|export|declare|set)$/, args: /\bHISTFILE\b|\bHISTSIZE=0|\bHISTFILESIZE=0|\+o history/ },
  { class: "history", names: /^(?:wevtutil|logrotate)$/, args: /\bcl\b|-f/ },
  { class: "history", names: /^auditctl$/, args: /-D|-e ?0/ },

  {
    class: "git_rewrite",
    names: /^git$/,
    args: /\bpush\b.*(?:\s--force\S*|\s-\w*f\b|\s\+\S+|\s--delete|\s-d\b|\s--mirror|\s--prune|\s:\S+)/,
  },
  {
    class: "git_rewrite",
    names: /^git$/,
    args: /\breset\b.*--hard|\bclean\b.*\s-\w*[fdx]|\bcheckout\b.*(?:\s--force|\s-f\b|\s--?\s+\.|\s\.\s*$)|\brestore\b(?!.*--staged).*(?:\s\.|\*)|\bbranch\b.*\s(?:-\w*D|--delete --force)|\bstash\b\s+(?:drop|clear)|\b(?:filter-branch|filter-repo)\b|\breflog\b.*expire|\bgc\b.*--prune=now|\bupdate-ref\b.*-d|\bworktree\b remove.*(?:-f|--force)|\brebase\b/,
  },

  {
    class: "install",
    names: packageTools,
    args: /(?:^|\s)(?:install|add|remove|purge|erase|uninstall|upgrade|dist-upgrade|full-upgrade|update|autoremove|reinstall|in|rm|-[iISUuRrePq]\w*|--install|--remove|--purge)(?:\s|$)/,
  },
  {
    class: "install",
    names: /^(?:pip[\d.]*|pipx|uv|conda|mamba|micromamba|poetry|pdm)$/,
    args: /(?:^|\s)(?:install|uninstall|add|remove|update|upgrade|sync|create)(?:\s|$)/,
  },
  {
    class: "install",
    names: /^(?:npm|pnpm|yarn|bun|npx|pnpx|bunx|uvx|corepack)$/,
    args: /^(?:i|ci|in|install|add|remove|rm|uninstall|update|up|upgrade|link|exec|x|dlx|init|create)\b/,
  },
  { class: "install", names: /^(?:npx|pnpx|bunx|uvx)$/ },
  { class: "install", names: /^yarn$/, args: /^$/ },
  {
    class: "install",
    names: /^(?:gem|cargo|go|composer|cpan|cpanm|luarocks|opam|cabal|stack|rustup|nvm|asdf|mise|sdk|raco|dotnet|helm|krew)$/,
    args: /^(?:install|uninstall|get|require|remove|add|update|upgrade|tool install|global|mod download)\b/,
  },
  { class: "install", names: /^(?:cpan|cpanm|easy_install)$/ },
  { class: "install", names: /^(?:code|codium|cursor)$/, args: /--install-extension/ },

  {
    class: "network",
    names:
      /^(?:curl|wget|fetch|aria2c|axel|lynx|links|elinks|w3m|http|https|httpie|xh|lwp-request|youtube-dl|yt-dlp|telnet|ping6?|traceroute6?|tracepath|mtr|dig|host|nslookup|drill|whois|nmap|masscan|zmap|ftp|lftp|tftp|openssl s_client|ab|wrk|hey|siege|gsutil|s3cmd|rclone|speedtest\S*)$/,
  },
  { class: "network", names: /^openssl$/, args: /s_client|s_server/ },
  { class: "network", names: /^git$/, args: /(?:^|\s)(?:clone|fetch|pull|ls-remote|submodule (?:update|add)|remote update)\b/ },
  { class: "network", names: /^(?:svn|hg)$/, args: /^(?:checkout|co|update|up|clone|pull)\b/ },
  { class: "network", names: /^(?:gh|glab|hub|huggingface-cli|hf|ollama)$/, args: /./ },
  {
    class: "upload",
    names: /^curl$/,
    args: /(?:^|\s)(?:-\w*[dFT](?:\s|\S)|--data\S*|--form\S*|--upload-file|--json|-X ?(?:POST|PUT|PATCH|DELETE)|--request[ =](?:POST|PUT|PATCH|DELETE))/,
  },
  { class: "upload", names: /^wget$/, args: /--(?:post|body)-(?:data|file)|--method/ },
  { class: "upload", names: /^(?:http|https|httpie|xh)$/, args: /(?:^|\s)(?:POST|PUT|PATCH|DELETE)\s|\s\S+:?=\S|@/ },
  {
    class: "upload",
    names:
      /^(?:scp|sftp|rsync|rclone|gsutil|s3cmd|ftp|lftp|tftp|mail|mailx|sendmail|mutt|swaks|msmtp|transfer|croc|wormhole|magic-wormhole|ipfs)$/,
    args: /:|@|^(?!.*--(?:version|help))./,
  },
  { class: "upload", names: /^git$/, args: /(?:^|\s)(?:push|send-email|remote (?:add|set-url)|request-pull)\b/ },
  {
    class: "upload",
    names: /^(?:npm|pnpm|yarn|cargo|gem|twine|poetry|uv|docker|podman|helm|hg|svn|flit|hatch)$/,
    args: /^(?:publish|push|upload|deploy|commit|login)\b/,
  },
  {
    class: "upload",
    names: /^(?:gh|glab|hub)$/,
    args: /\b(?:create|edit|delete|close|merge|comment|upload|api|set|review|run|fork|sync|archive|rename|transfer)\b/,
  },
  { class: "upload", names: /^(?:ssh|mosh|telnet)$/ },

  {
    class: "tunnel",
    names:
      /^(?:nc|ncat|netcat|nc\.\w+|socat|ngrok|cloudflared|localtunnel|lt|bore|frpc|chisel|tailscale|zerotier-cli|wg|wg-quick|openvpn|autossh|sshuttle|tor|pwncat|msfconsole|msfvenom|ttyd|gotty|sshd|websocat|dropbear|telnetd|vncserver|x11vnc)$/,
  },
  { class: "tunnel", names: /^ssh$/, args: /(?:^|\s)-\w*[RLDwW](?:\s|\S|$)/ },
  { class: "tunnel", names: /^(?:http\.server|simplehttpserver)$/i },

  {
    class: "containers",
    names: /^(?:docker|podman|nerdctl|ctr|crictl|buildah|runc)$/,
    args: /^(?!(?:ps|images|version|info|inspect|logs|stats|top|port|search|history|--version|--help|image ls|container ls|volume ls|network ls|compose (?:ps|logs|config))\b)./,
  },
  {
    class: "containers",
    names: /^(?:docker-compose|podman-compose)$/,
    args: /\b(?:up|down|rm|stop|kill|restart|exec|run|pull|build|start)\b/,
  },
  {
    class: "containers",
    names: /^(?:lxc|lxd|incus|virsh|qemu-system\S*|vboxmanage|vagrant|multipass|machinectl|systemd-nspawn|limactl|colima)$/,
  },
  {
    class: "cloud",
    names: /^(?:kubectl|oc|k9s|helm|helmfile|kustomize|argocd|flux|istioctl)$/,
    args: /(?:^|\s)(?:apply|create|delete|destroy|drain|cordon|taint|edit|patch|replace|scale|rollout|exec|run|expose|set|label|annotate|cp|uninstall|install|upgrade|rollback|sync|port-forward|proxy|attach|debug)\b/,
  },
  {
    class: "cloud",
    names:
      /^(?:terraform|tofu|terragrunt|pulumi|cdk|serverless|sls|sam|ansible|ansible-playbook|packer|nomad|consul|salt|puppet|chef-client|copilot|eksctl|doctl|linode-cli|hcloud|scw|fly|flyctl|vercel|netlify|heroku|railway|wrangler|firebase|supabase)$/,
    args: /^(?!(?:plan|validate|fmt|version|show|output|list|status|--version|--help|init$)\b)./,
  },
  {
    class: "cloud",
    names: /^(?:aws|gcloud|az|oci|ibmcloud|aliyun|yc|gsutil|s3cmd)$/,
    args: /^(?!(?:--version|help|version|configure list)\b)./,
  },

  { class: "credentials", names: /^(?:printenv|env|set|export|declare)$/, args: /^(?:-p|-0|--null)?$/ },
  {
    class: "credentials",
    names: /^(?:printenv|echo)$/,
    args: /\b\w*(?:API_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)\w*\b(?!.*[=\s]\s)/,
  },
  {
    class: "credentials",
    names: /^(?:security|secret-tool|pass|gopass|bw|op|vault|keyctl|kwallet-query|gnome-keyring|lpass|mimikatz|laZagne)$/i,
    args: /\b(?:find-\S*-password|dump-keychain|lookup|show|get|read|list|item|print|export|kv)\b/,
  },
  { class: "credentials", names: /^git$/, args: /\bcredential\b.*\bfill\b/ },
  {
    class: "credentials",
    names: /^(?:aws|gcloud|az|gh|kubectl|gpg|doctl|heroku)$/,
    args: /get-(?:session-token|secret-value|login-password|access-token)|print-access-token|print-identity-token|auth token|secrets? (?:get|show|view|describe|versions access)|--export-secret|\bsecrets?\b.*-o ?(?:json|yaml)|auth:token/,
  },
];
