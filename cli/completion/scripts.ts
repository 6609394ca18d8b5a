// What a shell is given so that it asks this command line what may come next.

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type ShellName = (typeof SHELLS)[number];

/** `self`: the words that run this command line. */
export function completionScript(shell: ShellName, self: readonly string[]): string {
  const words = self.map(quoted).join(" ");
  return SCRIPTS[shell](words);
}

/** For a POSIX shell, and for fish, which reads single quotes alike but for backslashes. */
const quoted = (word: string): string => `'${word.replace(/'/g, "'\\''")}'`;

const SCRIPTS: Readonly<Record<ShellName, (self: string) => string>> = {
  bash: (self) => `# tidegate's completion for bash: source it, or put it into bash-completion's directory.
_tidegate() {
  local IFS=$' \\t\\n' words=() word cur line i
  # Bash takes "=" and ":" for ends of words: they are put together again.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ \${#words[@]} -gt 0 && ( $word == [=:]* || \${words[-1]} == *[=:] ) && \${COMP_LINE} == *"\${words[-1]}$word"* ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
  done
  cur=\${words[-1]}
  local head=""
  [[ $cur == *[=:]* ]] && head=\${cur%"\${cur##*[=:]}"}
  # A flag's value is told without its flag.
  [[ $cur == -*=* ]] && head=""
  COMPREPLY=()
  while IFS=$'\\t' read -r line _; do
    if [[ $line == :files ]]; then
      compopt -o default
      COMPREPLY=()
      return
    fi
    COMPREPLY+=("\${line#"$head"}")
  done < <(${self} __complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _tidegate tidegate
`,
  zsh: (self) => `#compdef tidegate
# tidegate's completion for zsh: source it, or put it as _tidegate into a directory of fpath.
_tidegate() {
  local -a lines=() told=()
  local line
  # As the command would be given them: without quotes and backslashes.
  lines=("\${(@f)$(${self} __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  # A flag's value is told without its flag.
  [[ \${words[CURRENT]} == -*=* ]] && compset -P '*='
  if [[ \${lines[1]} == :files ]]; then
    _files
    return
  fi
  for line in $lines; do
    [[ -n $line ]] && told+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( $#told )) && _describe tidegate told
}
if [[ \${funcstack[1]} == _tidegate ]]; then _tidegate "$@"; else compdef _tidegate tidegate; fi
`,
  fish: (self) => `# tidegate's completion for fish: put it as tidegate.fish into ~/.config/fish/completions.
function __tidegate_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines (${self} __complete -- $words[2..-1] 2>/dev/null)
    # A flag's value is told without its flag, and fish compares the whole word.
    set -l flag (string match -r '^--?[^=]+=' -- (commandline -ct); or echo '')
    if test "$lines[1]" = :files
        set lines (__fish_complete_path (string replace -- "$flag" '' (commandline -ct)))
    end
    test (count $lines) -gt 0; and printf '%s\\n' $flag$lines
end
complete -c tidegate -f -a '(__tidegate_complete)'
`,
};
