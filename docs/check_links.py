"""Check the local links of built pages: `python docs/check_links.py FOLDER`.

Every link and picture has to lead to a file that is there, and every link to
a place in a page to an id in it. Links to other sites are not followed. Exits
with 1 if any is broken.
"""
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["broken_links"]


class Page(HTMLParser):
    """Collect the links and the ids of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids = [], {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        """Note what a tag links to, and what it is called."""
        for name, value in attrs:
            if name in ("href", "src") and value and tag != "use":
                self.links.append(value)
            elif name == "id":
                self.ids.add(value)


def broken_links(folder):
    """Yield (page, link) for every local link that leads nowhere.

    Parameters
    ----------
    folder : pathlib.Path
        Where the pages are.
    """
    pages = {path.resolve(): Page(path)
             for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if (
                parts.path) else path
            there = pages[target].ids if target in pages else {""}
            if not target.exists() or unquote(parts.fragment) not in there:
                yield path.relative_to(folder.resolve()), link


def main(folder):
    """Print the broken links; return the exit code."""
    broken = list(broken_links(Path(folder)))
    for page, link in broken:
        print("%s: %s leads nowhere" % (page, link))
    print("%d pages, %d broken links" % (
        len(list(Path(folder).rglob("*.html"))), len(broken)))
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
