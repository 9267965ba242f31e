#!/bin/sh
# Makes the environment .venv, or brings it up to date: the packages of requirements.lock, then gradlib itself.
# `make` calls it when .venv/.installed is missing or older than pyproject.toml or requirements.lock.
# PYTHON=python3.12 in the environment chooses the Python.
set -eu
cd "$(dirname "$0")/.."
venv=.venv

stop() {
    printf '\n%s\n\n' "$1" >&2
    exit 1
}

version() { "$1" -c 'import platform; print(platform.python_version())' 2>/dev/null; }

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11 python; fi
    for candidate; do
        if recent "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

stop_without_python() {
    name=${PYTHON:-python3}
    if found=$(version "$name"); then
        problem="gradlib needs Python 3.11 or newer, and $name is Python $found."
    else
        problem="gradlib needs Python 3.11 or newer, and there is no $name here that runs."
    fi
    stop "$problem
Install a newer one (python.org, your system's packages, conda, or uv, which brings its own), then type the same
command again. If a newer one is already here under another name, say which: make lab PYTHON=/path/to/python3.12"
}

make_environment() {
    python=$(find_python)
    if [ -n "$python" ]; then
        echo "Making the environment in $venv with Python $(version "$python")."
    elif [ -z "${PYTHON:-}" ] && command -v uv >/dev/null; then
        echo "No Python 3.11 or newer is here: uv brings one into the environment in $venv."
        python=3.12
    else
        stop_without_python
    fi
    rm -rf "$venv"
    if command -v uv >/dev/null; then
        uv venv --quiet --seed --python "$python" "$venv" && return
        rm -rf "$venv"
        recent "$python" || stop_without_python
    fi
    "$python" -m venv "$venv" && return
    rm -rf "$venv"
    stop "Python $(version "$python") is here, but its module venv, which makes environments, is not whole.
On Debian and Ubuntu install it with: sudo apt install python3-venv
Without root rights: install uv (pipx install uv) or use conda (conda env create -f environment.yml).
Then type the same command again."
}

install_with_uv() {
    if command -v uv >/dev/null; then
        uv=uv
    else
        uv=$venv/bin/uv
        [ -x "$uv" ] || "$venv/bin/python" -m pip install --quiet --retries 1 uv || return
    fi
    "$uv" pip install --quiet --python "$venv/bin/python" -r requirements.lock &&
        "$uv" pip install --quiet --python "$venv/bin/python" --no-deps -e .
}

install_with_pip() {
    "$venv/bin/python" -m pip install --quiet --retries 1 -r requirements.lock &&
        "$venv/bin/python" -m pip install --quiet --retries 1 --no-deps -e .
}

recent "$venv/bin/python" || make_environment
echo "Installing the packages of requirements.lock (the first time takes up to a minute)."
install_with_uv || install_with_pip || stop "The packages could not be installed; the lines above say why.
Most often the network is missing: look at the connection, and behind a proxy set HTTPS_PROXY. A full disk is the next
thing to look at. Then type the same command again: it goes on from here."
touch "$venv/.installed"
