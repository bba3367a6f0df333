# SPDX-License-Identifier: Apache-2.0
"""Prints each link of the Markdown files given that leads nowhere in the tree: links.py FILE…"""

import pathlib
import re
import sys


def prose(text):
    """Without code, where brackets are no links."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S))


def anchors(page):
    """The names that GitHub gives to a page's headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)}


def main(names):
    for name in names:
        page = pathlib.Path(name)
        for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", prose(page.read_text(encoding="utf-8"))):
            if re.match(r"[a-z]+:", target):
                continue
            there = page.parent / target if target else page
            if not there.exists():
                print("%s: %s is not there" % (page, target))
            elif anchor and anchor not in anchors(there):
                print("%s: %s has no heading #%s" % (page, there, anchor))


main(sys.argv[1:])
