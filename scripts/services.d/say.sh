# shellcheck shell=bash
# Progress and failure lines of the development scripts; to be sourced.

if [[ -t 2 ]]; then
    say_bold=$'\e[1m' say_red=$'\e[31m' say_plain=$'\e[0m'
else
    say_bold='' say_red='' say_plain=''
fi

say() {
    printf '%s==>%s %s\n' "$say_bold" "$say_plain" "$*" >&2
}

# die SENTENCE [LOG]: ends the script with status 1, showing the end of LOG if there is one.
die() {
    printf '%serror:%s %s\n' "$say_red" "$say_plain" "$1" >&2
    if [[ -n "${2:-}" && -s "$2" ]]; then
        printf -- '--- the end of %s ---\n' "$2" >&2
        tail -n 25 "$2" >&2
        printf -- '---\n' >&2
    fi
    exit 1
}
