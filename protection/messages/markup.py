"""The HTML of a mail: which of it may be kept, how one is made of a plain text, and the page around it.

Mail programs drop scripts and forms anyway; the console shows a preview, and a mail that loads nothing from elsewhere
tells nobody that it was opened. So a short list of tags is allowed, and of attributes only a link's address.
"""

import re
from html import escape
from html.parser import HTMLParser

from protection.messages.events import LINK, VARIABLES
from protection.messages.rendering import VARIABLE, TemplateRefused

TAGS = frozenset(
    "p br a strong em b i u s small ul ol li h1 h2 h3 hr blockquote table thead tbody tr th td span div".split()
)
NEVER_CLOSED = frozenset({"br", "hr"})
LINKS = ("https://", "http://", "mailto:")
RTL = frozenset({"ar", "fa", "he", "ur", "yi"})
_NAMED_LINK = re.compile(r"([^:{]+?)\s*:\s*\{\{\s*(\w+)\s*\}\}\s*")
_ITEM = re.compile(r"\s*[-•]\s+(.*)")


class _Written(HTMLParser):
    """Writes what it reads anew, so that no two readers can disagree about what was meant."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data, quote=False))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise TemplateRefused(f"<{tag}> may not be used. What may be: {', '.join(sorted(TAGS))}.", "html")
        for name, value in attrs:
            if tag != "a" or name != "href":
                raise TemplateRefused(f"<{tag} {name}> may not be used; only links have an address (href).", "html")
            _check_link(value or "")
        self.parts.append(f"<{tag}{''.join(_href(value) for _, value in attrs)}>")
        if tag not in NEVER_CLOSED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in NEVER_CLOSED:
            return
        if not self.open or self.open[-1] != tag:
            raise TemplateRefused(f"</{tag}> closes nothing that is open.", "html")
        self.open.pop()
        self.parts.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        raise TemplateRefused("Comments may not be used.", "html")

    def handle_decl(self, decl: str) -> None:
        raise TemplateRefused("Only what stands in the body is written here: no document type.", "html")

    def unknown_decl(self, data: str) -> None:
        self.handle_decl(data)

    def handle_pi(self, data: str) -> None:
        self.handle_decl(data)


def checked(html: str) -> str:
    """The HTML as it is kept; raises TemplateRefused for a tag, an attribute or a link that may not be sent."""
    written = _Written()
    written.feed(html)
    written.close()
    if written.open:
        raise TemplateRefused(f"<{written.open[-1]}> is not closed.", "html")
    return "".join(written.parts)


def _href(address: str | None) -> str:
    return f' href="{escape(address or "")}"'


def _check_link(address: str) -> None:
    if match := VARIABLE.fullmatch(address.strip()):
        if not _is_link(match[1]):
            raise TemplateRefused(f"“{match[1]}” is no link.", "html")
    elif VARIABLE.search(address) or not address.strip().lower().startswith(LINKS):
        raise TemplateRefused("A link is one link variable, or an address that begins with https://.", "html")


def from_text(text: str) -> str:
    """The same text as HTML: a paragraph for each line, list items as a list, links to press.

    “See it here: {{ claim_link }}” becomes a link that reads “See it here”: nobody reads the address of one.
    """
    parts = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.split("\n")
        if all(_ITEM.fullmatch(line) for line in lines):
            items = "\n".join(f"<li>{_line(_ITEM.fullmatch(line)[1])}</li>" for line in lines)  # type: ignore[index]
            parts.append(f"<ul>\n{items}\n</ul>")
        else:
            parts += [f"<p>{_line(line)}</p>" for line in lines]
    return "\n".join(parts) + "\n"


def _line(line: str) -> str:
    named = _NAMED_LINK.fullmatch(line)
    if named and _is_link(named[2]):
        return f'<a href="{{{{ {named[2]} }}}}">{escape(named[1], quote=False)}</a>'

    def link(match: re.Match[str]) -> str:
        name = match[1]
        return f'<a href="{{{{ {name} }}}}">{{{{ {name} }}}}</a>' if _is_link(name) else match[0]

    return VARIABLE.sub(link, escape(line, quote=False))


def _is_link(name: str) -> bool:
    return name in VARIABLES and VARIABLES[name].kind == LINK


def whole(body: str, language: str) -> str:
    """The whole document: its language and direction are said, and nothing is loaded from anywhere."""
    base = language.split("-")[0]
    direction = "rtl" if base in RTL else "ltr"
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}" dir="{direction}">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"></head>\n'
        '<body style="font-family:sans-serif;font-size:16px;line-height:1.5;overflow-wrap:anywhere;max-width:600px;'
        f'margin:0 auto;padding:16px">\n{body}</body>\n</html>\n'
    )
