# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# image — a container image of one static program and nothing else, without any tool.

# Writes a docker-archive, which is what an import of containerd wants.
image_of_program() { # program reference archive
	local work layer program=/${1##*/}
	work=$(mktemp -d)
	tar -C "${1%/*}" --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$work/layer.tar" "${program#/}"
	layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
	cat >"$work/config.json" <<TEXT
{"architecture": "amd64", "os": "linux",
 "config": {"Entrypoint": ["$program"], "User": "65535:65535"},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]}}
TEXT
	cat >"$work/manifest.json" <<TEXT
[{"Config": "config.json", "RepoTags": ["$2"], "Layers": ["layer.tar"]}]
TEXT
	tar -C "$work" -cf "$3" manifest.json config.json layer.tar
	rm -r "$work"
}
