# What the launcher and the tests share: looks for Swift, installs libraries, builds.
# Sourced, not run. Everything is told on standard error; a failure ends the script with status 2.

libraries=(libopenblas-dev liblapacke-dev libsndfile1-dev libsoxr-dev zlib1g-dev pkg-config)

say() { printf 'encoder-diff: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }

# Swift 6.2 or later on the PATH, or where its installers put it.
require_swift() {
  local folder
  for folder in "$HOME/.local/share/swiftly/bin" /opt/swift/usr/bin /usr/share/swift/usr/bin; do
    command -v swift >/dev/null && break
    [ -x "$folder/swift" ] && PATH=$folder:$PATH
  done
  command -v swift >/dev/null ||
    fail "Swift is missing: install Swift 6.2 or later from https://www.swift.org/install and run this again"
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
  set -- $version
  if [ "${1:-0}" -lt 6 ] || { [ "${1:-0}" -eq 6 ] && [ "${2:-0}" -lt 2 ]; }; then
    fail "Swift ${1:-?}.${2:-?} is too old: install Swift 6.2 or later from https://www.swift.org/install"
  fi
}

# Whether a Debian package is installed.
has_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# The system's libraries; asks apt only for what is missing.
install_libraries() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    command -v pkg-config >/dev/null && pkg-config --exists openblas lapacke sndfile soxr zlib && return
    fail "apt is missing: install OpenBLAS, LAPACKE, libsndfile, libsoxr, zlib (with headers) and pkg-config by hand"
  fi
  for package in "${libraries[@]}"; do has_package "$package" || missing+=("$package"); done
  [ ${#missing[@]} -eq 0 ] && return
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing with apt: ${missing[*]}"
  local log
  log=$(mktemp)
  "${as_root[@]}" apt-get update >"$log" 2>&1 || true
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    "${missing[@]}" >>"$log" 2>&1; then
    tail -n 5 "$log" >&2
    rm -f "$log"
    fail "apt could not install ${missing[*]}; install them by hand and run this again"
  fi
  rm -f "$log"
}

# A release build of the program; quiet unless it fails.
build_release() {
  say "building (a few minutes the first time)"
  local log
  log=$(mktemp)
  if ! swift build --package-path "$1" -c release --product encoder-diff >"$log" 2>&1; then
    grep -E 'error:' "$log" | sort -u | head -n 20 >&2 || tail -n 20 "$log" >&2
    rm -f "$log"
    fail "the build failed"
  fi
  rm -f "$log"
  # A source that changes nothing leaves the program as old as it was.
  touch "$1/.build/release/encoder-diff"
}
