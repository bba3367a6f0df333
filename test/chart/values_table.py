# SPDX-License-Identifier: Apache-2.0
"""The table of values in docs/INSTALL.md, made from the comments of values.yaml.

    test/chart/values_table.py CHART DOC           says whether the table is up to date
    test/chart/values_table.py --write CHART DOC   puts it there
"""

import re
import sys

from render import leaves, load, show

BEGIN = "<!-- values: made by test/chart/values_table.py from charts/krypton/values.yaml -->"
END = "<!-- values end -->"
# Described as one: what is below them is a core/v1 shape.
WHOLE = ("manager.resources", "gateway.resources")


def comments(path):
    """The comment over each key, by its full name."""
    found, stack, words = {}, [], []
    with open(path, encoding="utf-8") as file:
        for line in file:
            text = line.strip()
            if text.startswith("#"):
                words.append(text.lstrip("# "))
                continue
            key = re.match(r"( *)([A-Za-z]+):", line)
            if key:
                depth = len(key.group(1)) // 2
                stack = stack[:depth] + [key.group(2)]
                if words:
                    found[".".join(stack)] = " ".join(words)
            words = []
    return found


def rows(values_path):
    """(key, default, sentence) for every value, in the file's order."""
    said = comments(values_path)
    whole = {}
    for key, default in leaves(load(values_path)):
        name = next((w for w in WHOLE if key.startswith(w + ".")), key)
        if name != key:
            whole.setdefault(name, []).append("%s %s" % (key[len(name) + 1:], default))
            if len(whole[name]) > 1:
                continue
        yield name, (whole[name] if name in whole else default), said.get(name, "")


def table(values_path):
    lines = ["| value | default | meaning |", "|---|---|---|"]
    for key, default, sentence in list(rows(values_path)):
        shown = ", ".join(default) if key in WHOLE else show(default).strip('"') or '""'
        lines.append("| `%s` | `%s` | %s |" % (key, shown, sentence.replace("|", "\\|")))
    return "\n".join(lines)


def main(args):
    write = args[:1] == ["--write"]
    chart, doc = args[-2:]
    with open(doc, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    wanted = before + BEGIN + "\n\n" + table(chart + "/values.yaml") + "\n\n" + END + after
    if write and wanted != text:
        with open(doc, "w", encoding="utf-8") as file:
            file.write(wanted)
    return 0 if write or wanted == text else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
