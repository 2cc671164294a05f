# SPDX-License-Identifier: MIT
# What only .ci/run needs beyond cmake/prepare.sh: a second compiler and a second Eigen.

# Installs those of the given Debian packages that are not here, one by one: a package that this
# release does not have must not cost us the others.
ensure() {
  have apt-get || return 0
  local name absent=()
  for name; do dpkg -s "$name" >/dev/null 2>&1 || absent+=("$name"); done
  if [ ${#absent[@]} -eq 0 ] || ! find_manager || ! find_rights; then return 0; fi
  agree_to_install "${absent[@]}" || return 0
  refresh_index </dev/null
  for name in "${absent[@]}"; do
    install_packages "$name" </dev/null || say "$name could not be installed"
  done
}

# The git tree of Eigen 5.0.1's folder Eigen/: what the headers must be, wherever they come from.
eigen_5_tree=ce6d62ae18094cad5483a305300e878a3b7c5a0a

tree_of() {
  local git=(git --git-dir="$1.git" --work-tree="$1" -c core.autocrlf=false)
  rm -rf "$1.git"
  "${git[@]}" init -q && "${git[@]}" add -f Eigen && "${git[@]}" write-tree --prefix=Eigen/
}

# Puts Eigen 5.0.1's headers into the folder $1: the release archive, or the Python package eigency,
# which carries the same files.
fetch_eigen_5() {
  local url=https://gitlab.com/libeigen/eigen/-/archive/5.0.1/eigen-5.0.1.tar.gz
  [ ! -d "$1" ] || return 0
  rm -rf "$1.part"
  mkdir -p "$1.part" && cd "$1.part" || return
  if cmake -DURL=$url -DFILE=eigen.tar.gz -P "$root/.ci/download.cmake"; then
    cmake -E tar xf eigen.tar.gz && mv eigen-5.0.1 eigen
  else
    python3 -m pip download -q --no-deps --only-binary=:all: eigency==5.0.1.1 &&
      cmake -E tar xf eigency-*.whl && mv eigency/eigen eigen
  fi || return
  if [ "$(tree_of "$PWD/eigen")" != "$eigen_5_tree" ]; then
    say "these are not Eigen 5.0.1's headers"
    return 1
  fi
  mv eigen "$1"
}
