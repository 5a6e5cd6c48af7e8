"""The presentation that slides are put into: the client's template or ours, its two layouts, its room, its colours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.present.client.palette import Palette

if TYPE_CHECKING:
    from pptx.presentation import Presentation

WIDE, HIGH = 13.333, 7.5
"""Inches of a slide of ours: 16:9."""
EMU = 914_400
ACCENTS = {"trusted": "accent1", "extractive": "accent2", "uniform": "accent3", "text": "dk1"}
"""Which colour of a theme each role has."""
TITLE_SLIDE, TITLE_ONLY = "Title Slide", "Title Only"
NARROW = {"Calibri": 0.82, "Carlito": 0.82, "Aptos": 0.88, "Arial": 0.93, "Helvetica": 0.93}
"""How wide a font runs beside the one that texts are measured in; others are taken to be as wide."""


@dataclass(frozen=True)
class Box:
    """A rectangle on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def columns(self, *shares: float, gap: float = 0.35) -> list[Box]:
        """Boxes side by side, in these proportions."""
        room, left, found = self.width - gap * (len(shares) - 1), self.left, []
        for share in shares:
            wide = room * share / sum(shares)
            found.append(Box(left, self.top, wide, self.height))
            left += wide + gap
        return found

    def rows(self, *shares: float, gap: float = 0.15) -> list[Box]:
        """Boxes one above the other, in these proportions."""
        turned = Box(self.top, self.left, self.height, self.width).columns(*shares, gap=gap)
        return [Box(self.left, one.left, self.width, one.width) for one in turned]


@dataclass(frozen=True)
class Template:
    """A presentation without slides, its layouts, the room on a slide, and the font that texts are measured for."""

    presentation: Presentation
    first: Any  # layout of the first slide
    other: Any  # layout of all others
    body: Box
    foot: Box
    number: Box | None  # where the slide's number stands, if the template has none of its own
    font: str
    title_size: float  # points
    ours: bool
    warnings: tuple[str, ...]

    @property
    def narrow(self) -> float:
        """How wide the font runs beside the one that texts are measured in."""
        return NARROW.get(self.font, 1.0)


def template(file: Path | None = None, colours: Palette | None = None) -> Template:
    """The client's template, or ours, with these colours as those of its theme.

    Raises :class:`sim.errors.InputError` for a file that is no presentation, or lacks a layout that is needed.
    """
    from pptx import Presentation

    if file is None:
        presentation = _ours(Presentation())
    else:
        presentation = _opened(file)
    layouts = [layout for master in presentation.slide_masters for layout in master.slide_layouts]
    first = _layout(layouts, TITLE_SLIDE, file, _is_title_slide, "a title and a subtitle")
    other = _layout(layouts, TITLE_ONLY, file, _is_title_only, "a title and nothing else to fill in")
    theme = _theme(other.slide_master)
    if file is None or colours is not None:
        for chosen in {id(one.slide_master): one.slide_master for one in (first, other)}.values():
            _painted(_theme(chosen), colours or Palette())
    named = re.search(r'<a:minorFont>\s*<a:latin typeface="([^"]*)"', theme.blob.decode("utf-8"))
    body, foot, number = _room(presentation, other)
    shown = colours if colours is not None else _colours(theme) if file is not None else Palette()
    return Template(
        presentation, first, other, body, foot, number, named[1] if named else "", _title_size(other), file is None,
        shown.warnings,
    )  # fmt: skip


def _opened(file: Path) -> Any:
    from pptx import Presentation
    from pptx.exc import PackageNotFoundError

    right = "a template saved as .pptx would be right"
    if file.suffix.lower() != ".pptx":
        raise InputError(f"{file} is no presentation that slides can be put into; {right}")
    try:
        presentation = Presentation(str(file))
    except (PackageNotFoundError, OSError, KeyError, ValueError) as error:
        said = f"the template {file} cannot be opened"
        reason = error.strerror if isinstance(error, OSError) else None
        state = reason or ("it is not there" if not file.exists() else "it is no PowerPoint file")
        raise InputError(f"{said} ({state}); {right}") from None
    except Exception as error:  # zip and XML have errors of their own, and none is the user's to know
        raise InputError(f"the template {file} cannot be opened ({type(error).__name__}); {right}") from None
    slides = presentation.slides._sldIdLst
    for slide in list(slides):  # what the template shows as an example is not the client's answer
        presentation.part.drop_rel(slide.rId)
        slides.remove(slide)
    return presentation


def _layout(layouts: list[Any], name: str, file: Path | None, fits: Any, has: str) -> Any:
    """The layout of that name that can be used, else the first that can."""
    named = [one for one in layouts if one.name.strip().casefold() == name.casefold() and fits(one)]
    found = next(iter([*named, *(one for one in layouts if fits(one))]), None)
    if found is None:
        there = ", ".join(one.name for one in layouts) or "none"
        raise InputError(
            f"the template {file} has no layout {name!r}, nor another with {has}; it has {there}; "
            "adding one in PowerPoint's slide master view would be right"
        )
    return found


def _kinds(layout: Any) -> list[str]:
    """Kinds of the placeholders of a layout that somebody fills in."""
    aside = ("DATE", "FOOTER", "SLIDE_NUMBER")
    kinds = [one.placeholder_format.type.name for one in layout.placeholders]
    return sorted(kind for kind in kinds if kind not in aside)


def _is_title_slide(layout: Any) -> bool:
    kinds = _kinds(layout)
    return "SUBTITLE" in kinds and ("CENTER_TITLE" in kinds or "TITLE" in kinds)


def _is_title_only(layout: Any) -> bool:
    return _kinds(layout) == ["TITLE"]


def _ours(presentation: Any) -> Any:
    """The presentation that python-pptx brings, made wide, with titles that hold a sentence."""
    stretch = WIDE * EMU / presentation.slide_width
    presentation.slide_width, presentation.slide_height = round(WIDE * EMU), round(HIGH * EMU)
    master = presentation.slide_master
    for holder in (master, *master.slide_layouts):
        for shape in holder.placeholders:
            if shape._element.spPr.xfrm is not None:
                shape.left, shape.width = round(shape.left * stretch), round(shape.width * stretch)
    _put(master.placeholders[0], Box(0.6, 0.38, WIDE - 1.2, 0.95))
    by_name = {one.name: one for one in master.slide_layouts}
    _put(by_name[TITLE_SLIDE].placeholders[0], Box(0.9, 1.9, WIDE - 1.8, 1.75))
    _put(by_name[TITLE_SLIDE].placeholders[1], Box(0.9, 3.95, WIDE - 1.8, 1.9))
    for shape in master.placeholders:
        if shape.placeholder_format.type.name in ("DATE", "FOOTER", "SLIDE_NUMBER"):
            shape.top, shape.height = round(6.92 * EMU), round(0.4 * EMU)
            if shape.placeholder_format.type.name == "SLIDE_NUMBER":
                shape.left, shape.width = round((WIDE - 1.4) * EMU), round(0.8 * EMU)
                _set_sizes(shape, 12)
    for style in master._element.iter("{http://schemas.openxmlformats.org/presentationml/2006/main}titleStyle"):
        for level in style:
            level.set("algn", "l")
            for run in level.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}defRPr"):
                run.set("sz", "2400")
                run.set("b", "1")
    title, subtitle = by_name[TITLE_SLIDE].placeholders[0], by_name[TITLE_SLIDE].placeholders[1]
    for shape, size, align in ((title, 36, "b"), (subtitle, 18, "t")):
        _set_sizes(shape, size)
        shape._element.txBody.bodyPr.set("anchor", align)
    master.placeholders[0]._element.txBody.bodyPr.set("anchor", "t")
    return presentation


def _set_sizes(shape: Any, points: int) -> None:
    """The size of a layout's placeholder, flush left, as the style of its list."""
    from pptx.oxml import parse_xml

    space = "http://schemas.openxmlformats.org/drawingml/2006/main"
    listed = shape._element.txBody.find(f"{{{space}}}lstStyle")
    for old in list(listed):
        listed.remove(old)
    side = "r" if shape.placeholder_format.type.name == "SLIDE_NUMBER" else "l"
    listed.append(parse_xml(
        f'<a:lvl1pPr xmlns:a="{space}" marL="0" indent="0" algn="{side}"><a:buNone/><a:defRPr sz="{100 * points}">'
        '<a:solidFill><a:schemeClr val="tx1"/></a:solidFill></a:defRPr></a:lvl1pPr>'
    ))  # fmt: skip


def _put(shape: Any, box: Box) -> None:
    shape.left, shape.top = round(box.left * EMU), round(box.top * EMU)
    shape.width, shape.height = round(box.width * EMU), round(box.height * EMU)


def _theme(master: Any) -> Any:
    from pptx.opc.constants import RELATIONSHIP_TYPE

    return master.part.part_related_by(RELATIONSHIP_TYPE.THEME)


def _painted(theme: Any, colours: Palette) -> None:
    """Write colours into a theme: everything that is drawn takes its colours from there."""
    text = theme.blob.decode("utf-8")
    for role, name in ACCENTS.items():
        colour = getattr(colours, role).removeprefix("#")
        text = re.sub(
            rf"<a:{name}>.*?</a:{name}>", f'<a:{name}><a:srgbClr val="{colour}"/></a:{name}>', text, flags=re.S
        )
    theme._blob = text.encode("utf-8")


def _colours(theme: Any) -> Palette:
    """The colours of a client's theme, as far as it says them in figures."""
    text, found = theme.blob.decode("utf-8"), {}
    for role, name in ACCENTS.items():
        said = re.search(rf'<a:{name}>\s*<a:s(?:rgb|ys)Clr [^>]*?(?:lastClr|val)="([0-9A-Fa-f]{{6}})"', text)
        if said:
            found[role] = f"#{said[1].upper()}"
    return Palette(**found)


def _title_size(layout: Any) -> float:
    """Size of the layout's title in points: its own, or that of the master."""
    space = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
    title = next(one for one in layout.placeholders if "TITLE" in one.placeholder_format.type.name)
    places = [title._element.txBody, layout.slide_master._element.find(".//{*}titleStyle")]
    for place in places:
        if place is not None:
            for run in place.iter(f"{space}defRPr"):
                if run.get("sz"):
                    return int(run.get("sz")) / 100.0
    return 24.0


def _room(presentation: Any, layout: Any) -> tuple[Box, Box, Box | None]:
    """What a slide leaves for charts and words, for the footer, and for its number where the layout has none."""
    wide, high = presentation.slide_width / EMU, presentation.slide_height / EMU

    def box(shape: Any) -> Box:
        return Box(*(float(one) / EMU for one in (shape.left, shape.top, shape.width, shape.height)))

    title = next(box(one) for one in layout.placeholders if one.placeholder_format.type.name == "TITLE")
    low = [
        box(one)
        for one in layout.placeholders
        if one.placeholder_format.type.name in ("DATE", "FOOTER", "SLIDE_NUMBER")
    ]
    low = [one for one in low if one.top > high / 2]
    numbers = [box(one) for one in layout.placeholders if one.placeholder_format.type.name == "SLIDE_NUMBER"]
    foot_top = min([*(one.top for one in low), high - 0.6])
    right = title.right
    if numbers and numbers[0].left > wide / 2 and numbers[0].top > high / 2:
        right = min(right, numbers[0].left - 0.1)
    elif not numbers:
        right = title.right - 0.9
    foot = Box(title.left, foot_top, right - title.left, min(0.42, high - foot_top - 0.08))
    number = None if numbers else Box(title.right - 0.8, foot_top, 0.8, foot.height)
    top = title.bottom + 0.12
    return Box(title.left, top, title.width, foot_top - 0.12 - top), foot, number
