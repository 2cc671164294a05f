# SPDX-License-Identifier: MIT
# Sourced by examples/run, examples/get and tests/run: finds out what is missing and has the system install it.
#
#   prepare Eigen3            a compiler, CMake, ninja or make, and Eigen
#   prepare Eigen3 GTest      ... and GoogleTest
#   prepare Eigen3 $models    ... and what published models need
#   prepare_pip               Python's pip alone
#
# Where everything is there, nothing is installed. Else the packages are named first. Then $install
# decides: `yes` (what --install sets) installs them; otherwise a terminal is asked, and where there is
# none to ask, as in a script, they are installed. Where nothing is or can be installed, CMake fetches
# the libraries (cmake/dependencies.cmake), and only the tools are the reader's to bring.

models="nlohmann_json oniguruma utf8proc CLI11 libedit sndfile"

say() { echo "heed: $*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# The first compiler that knows enough C++20. $CXX is the caller's word and is tried alone.
find_compiler() {
  newest="g++-14 g++-13 g++-12 g++-11 clang++-19 clang++-18 clang++-16 clang++-15 clang++-14"
  for compiler in ${CXX:-c++ g++ clang++ $newest}; do
    if have "$compiler" &&
      "$compiler" -std=c++20 "$root/cmake/probe/cxx20.cpp" -o "$scratch/cxx20" 2>/dev/null; then
      export CXX="$compiler"
      return 0
    fi
  done
  return 1
}

find_cmake() { have cmake && cmake -P "$root/cmake/probe/version.cmake" 2>/dev/null; }

# CMake's own choice is make; the caller's word goes first.
find_build_tool() {
  if [ -z "${CMAKE_GENERATOR:-}" ] && have ninja; then export CMAKE_GENERATOR=Ninja; fi
  [ -n "${CMAKE_GENERATOR:-}" ] || have make
}

# Prints those of the given CMake packages that the build would not find.
missing_packages() {
  list=$(echo "$*" | tr ' ' ';')
  if cmake -S "$root/cmake/probe" -B "$scratch/probe" -DPACKAGES="$list" >/dev/null 2>&1; then
    cat "$scratch/probe/missing"
  else
    echo "$*"
  fi
  rm -rf "$scratch/probe"
}

# Sets $missing. Without the tools CMake cannot be asked, so every library counts as missing then:
# package managers skip what they already have.
look_for() {
  missing=
  find_compiler || missing="$missing compiler"
  find_cmake || missing="$missing cmake"
  find_build_tool || missing="$missing build"
  if [ -z "$missing" ]; then missing=$(missing_packages "$@"); else missing="$missing $*"; fi
}

# What we miss, in the words of this system's package manager.
package_of() {
  case $manager:$1 in
    apt-get:compiler | apk:compiler) echo g++ ;;
    dnf:compiler | zypper:compiler) echo gcc-c++ ;;
    *:compiler) echo gcc ;;
    *:cmake) echo cmake ;;
    apt-get:build | dnf:build) echo ninja-build ;;
    apk:build) echo make ;;
    *:build) echo ninja ;;
    apt-get:PkgConfig) echo pkg-config ;;
    dnf:PkgConfig | zypper:PkgConfig) echo pkgconf-pkg-config ;;
    *:PkgConfig) echo pkgconf ;;
    apt-get:Eigen3) echo libeigen3-dev ;;
    dnf:Eigen3 | zypper:Eigen3) echo eigen3-devel ;;
    apk:Eigen3) echo eigen-dev ;;
    *:Eigen3) echo eigen ;;
    apt-get:GTest) echo libgtest-dev ;;
    dnf:GTest) echo gtest-devel ;;
    apk:GTest) echo gtest-dev ;;
    brew:GTest) echo googletest ;;
    *:GTest) echo gtest ;;
    apt-get:benchmark) echo libbenchmark-dev ;;
    dnf:benchmark) echo google-benchmark-devel ;;
    apk:benchmark) echo benchmark-dev ;;
    zypper:benchmark) echo benchmark-devel ;;
    brew:benchmark) echo google-benchmark ;;
    *:benchmark) echo benchmark ;;
    apt-get:nlohmann_json) echo nlohmann-json3-dev ;;
    dnf:nlohmann_json) echo json-devel ;;
    zypper:nlohmann_json) echo nlohmann_json-devel ;;
    *:nlohmann_json) echo nlohmann-json ;;
    apt-get:oniguruma) echo libonig-dev ;;
    dnf:oniguruma | zypper:oniguruma) echo oniguruma-devel ;;
    apk:oniguruma) echo oniguruma-dev ;;
    *:oniguruma) echo oniguruma ;;
    apt-get:utf8proc) echo libutf8proc-dev ;;
    dnf:utf8proc | zypper:utf8proc) echo utf8proc-devel ;;
    apk:utf8proc) echo utf8proc-dev ;;
    pacman:utf8proc) echo libutf8proc ;;
    *:utf8proc) echo utf8proc ;;
    apt-get:CLI11) echo libcli11-dev ;;
    dnf:CLI11 | zypper:CLI11) echo cli11-devel ;;
    *:CLI11) echo cli11 ;;
    apt-get:libedit | apk:libedit) echo libedit-dev ;;
    dnf:libedit | zypper:libedit) echo libedit-devel ;;
    *:libedit) echo libedit ;;
    apt-get:sndfile) echo libsndfile1-dev ;;
    dnf:sndfile | zypper:sndfile) echo libsndfile-devel ;;
    apk:sndfile) echo libsndfile-dev ;;
    *:sndfile) echo libsndfile ;;
    pacman:pip) echo python-pip ;;
    apk:pip) echo py3-pip ;;
    brew:pip) echo python ;;
    *:pip) echo python3-pip ;;
  esac
}

find_manager() {
  for manager in apt-get dnf pacman zypper apk brew; do
    if have $manager; then return 0; fi
  done
  say "no package manager that this script knows"
  return 1
}

# Sets $as_root to what lets us install: nothing, or sudo.
find_rights() {
  as_root=
  if [ $manager = brew ] || [ "$(id -u)" = 0 ]; then return 0; fi
  as_root=sudo
  have sudo
}

refresh_index() {
  case $manager in
    apt-get) $as_root apt-get -q update ;;
    pacman) $as_root pacman -Sy ;;
    apk) $as_root apk update ;;
  esac
}

# Names the packages that would be installed, and how; fails if the reader says no.
agree_to_install() {
  say "this will be installed with $as_root${as_root:+ }$manager: $*"
  if [ "${install:-}" = yes ] || [ ! -t 2 ] || ! (: </dev/tty) 2>/dev/null; then return 0; fi
  printf 'heed: go on? [Y/n] ' >&2
  read -r answer </dev/tty || answer=n
  case $answer in
    '' | y | Y | yes) return 0 ;;
  esac
  say "nothing was installed (with --install there is no question)"
  return 1
}

install_packages() {
  case $manager in
    apt-get)
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "$@"
      ;;
    dnf) $as_root dnf -y install "$@" ;;
    pacman) $as_root pacman -S --noconfirm --needed "$@" ;;
    zypper) $as_root zypper --non-interactive install --no-recommends "$@" ;;
    apk) $as_root apk add "$@" ;;
    brew) brew install "$@" ;;
  esac
}

install_missing() {
  packages=
  for thing in $missing; do packages="$packages $(package_of "$thing")"; done
  find_rights || { say "root's rights are needed to install with $manager:$packages"; return; }
  agree_to_install $packages || return
  refresh_index || say "the package index could not be refreshed; going on with the one here"
  install_packages $packages && return
  say "that did not go together; trying them one by one"
  for name in $packages; do install_packages "$name" || say "$name could not be installed"; done
}

check_tools() {
  find_compiler || fail "a C++20 compiler is needed: GCC 11, Clang 14 or newer." \
    "Here is: $(c++ --version 2>/dev/null | head -n 1 | grep . || echo none)."
  find_cmake || fail "CMake 3.21 or newer is needed." \
    "Here is: $(cmake --version 2>/dev/null | head -n 1 | grep . || echo none)."
  find_build_tool || fail "ninja or make is needed."
}

# Leaves CXX, CMAKE_GENERATOR and CMAKE_BUILD_PARALLEL_LEVEL set. Reads no input and writes to the
# error stream only: both belong to the program that is run afterwards.
prepare() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  look_for "$@"
  if [ -n "$missing" ]; then
    say "not here yet:" $missing
    if find_manager; then install_missing; fi
    check_tools
    for thing in $(missing_packages "$@"); do
      case $thing in
        PkgConfig) say "no pkg-config: CMake will leave out the test that needs it" ;;
        libedit) say "no libedit: the line that examples/chat asks for cannot be edited" ;;
        sndfile) say "no libsndfile: examples/listen is left out" ;;
        nlohmann_json | oniguruma | utf8proc | CLI11)
          say "$thing is still not here: what needs it is left out, unless HEED_MODELS=ON," \
            "which has CMake fetch a release pinned by its SHA256"
          ;;
        *) say "$thing is still not here: CMake will fetch a release pinned by its SHA256" ;;
      esac
    done
  fi
  rm -rf "$scratch"
  trap - EXIT
  : "${CMAKE_BUILD_PARALLEL_LEVEL:=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}"
  export CMAKE_BUILD_PARALLEL_LEVEL
} </dev/null >&2

have_pip() { python3 -m pip --version >/dev/null 2>&1; }
prepare_pip() {
  if have_pip; then return; fi
  missing=pip
  say "not here yet: Python's pip"
  if find_manager; then install_missing; fi
  have_pip || fail "python3 with pip is needed"
} </dev/null >&2
