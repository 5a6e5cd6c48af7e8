"""The commands that write for clients: a presentation, a report and a workbook, of a scenario or of saved results."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.commands import app
from sim.cli.options import Firm, Settings, chosen_scenario, number, whole
from sim.errors import InputError
from sim.present import files, terminal

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase
    from sim.experiment.comparison import Comparison
    from sim.experiment.region import Region
    from sim.experiment.sensitivity import Sensitivity

COLOURS, RESULTS = "How it looks", "What it is made of"

Source = Annotated[
    Path,
    typer.Argument(
        metavar="SCENARIO|RESULTS",
        help="A scenario file, or a folder that roi compare --out, or --out of this command, has left.",
    ),
]
Against = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The strategy to compare with: a preset, the scenario's own, or a firm; else uniform."
    ),
]
Replications = Annotated[
    int | None,
    typer.Option(metavar="N", parser=whole, help="Pairs of runs; 30, or 100 with --uncertain, if left out."),
]
Uncertain = Annotated[
    bool,
    typer.Option("--uncertain", help="Draw the numbers anew for each pair, from standard errors and plausible ranges."),
]
Precision = Annotated[
    float | None,
    typer.Option(
        metavar="P", parser=number, help="Go on until the interval's half-width is this share of the gain: 0.05."
    ),
]
Seed = Annotated[
    int | None, typer.Option(metavar="NUMBER", parser=whole, help="Which luck; 1 if left out.")
]  # of its own: a folder has a seed already, and whether one was given has to be known
Quick = Annotated[
    bool,
    typer.Option("--quick", help="Fewer runs for drivers, map and stress tests.", rich_help_panel=RESULTS),
]
MapAxes = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="PATH=LOW:HIGH", rich_help_panel=RESULTS,
        help="An axis of the map, given twice; the two numbers that threaten the answer most if left out.",
    ),
]  # fmt: skip
RegionFolder = Annotated[
    Path | None,
    typer.Option("--region", metavar="FOLDER", help="The map of roi region --out.", rich_help_panel=RESULTS),
]
SensitivityFolder = Annotated[
    Path | None,
    typer.Option(
        "--sensitivity", metavar="FOLDER", help="The tornado of roi sensitivity --out.", rich_help_panel=RESULTS
    ),
]
Kept = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FOLDER", rich_help_panel=RESULTS,
        help="Also keep all results in a folder, which deck, report and workbook take instead of a scenario.",
    ),
]  # fmt: skip
Workers = Annotated[
    int | None, typer.Option(metavar="N", parser=whole, help="Processes to work with; one per processor if left out.")
]
Colours = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Colours as YAML: main, contrast, neutral, text.", rich_help_panel=COLOURS
    ),
]  # fmt: skip
Accent = Annotated[
    str | None, typer.Option(metavar="'#RRGGBB'", help="The main colour alone.", rich_help_panel=COLOURS)
]
Written = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")]


@app.command()
def deck(
    source: Source,
    output: Written = Path("answer.pptx"),
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", rich_help_panel=COLOURS,
            help="A client's .pptx; its layouts “Title Slide” and “Title Only” are used.",
        ),
    ] = None,
    colours: Colours = None,
    accent: Accent = None,
    firm: Firm = None,
    against: Against = None,
    replications: Replications = None,
    uncertain: Uncertain = False,
    precision: Precision = None,
    seed: Seed = None,
    settings: Settings = None,
    quick: Quick = False,
    axes: MapAxes = None,
    region: RegionFolder = None,
    sensitivity: SensitivityFolder = None,
    out: Kept = None,
    workers: Workers = None,
) -> None:  # fmt: skip
    """Write the answer as a PowerPoint presentation: about ten slides with native charts, sources and notes.

    [bold]Examples[/bold]

    roi deck scenarios/retail.yaml -o answer.pptx --quick

    roi deck scenarios/retail.yaml -o answer.pptx --template client.pptx --out results

    roi deck results -o answer.pptx --accent '#005EB8' – from results that are there already
    """
    from sim.present.client.palette import palette
    from sim.present.deliverables import needs

    needs("a presentation")
    files.can_hold_document(output, ".pptx")
    chosen = palette(colours, accent)
    from sim.present.deck.deck import deck as made
    from sim.present.deck.template import template as opened

    opened(template, chosen)  # before the work rather than after it
    asked = Asked(
        firm, against, replications, uncertain, precision, seed, settings, quick, axes, region, sensitivity, workers
    )
    case = _case(source, asked, out)
    result = made(case, template, chosen)
    files.save_bytes(result.content, output)
    for warning in result.warnings:
        print(f"roi: {warning}", file=sys.stderr)
    slides = f"{result.slides} slides; notes say how each figure was obtained."
    terminal.say(
        terminal.console(), case.comparison.finding, slides, _footer(case.comparison), terminal.written(output, out)
    )


@app.command()
def report(
    source: Source,
    output: Written = Path("report.html"),
    pdf: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also print it to PDF, by a Chromium that is installed.")
    ] = None,
    colours: Colours = None,
    accent: Accent = None,
    firm: Firm = None,
    against: Against = None,
    replications: Replications = None,
    uncertain: Uncertain = False,
    precision: Precision = None,
    seed: Seed = None,
    settings: Settings = None,
    quick: Quick = False,
    axes: MapAxes = None,
    region: RegionFolder = None,
    sensitivity: SensitivityFolder = None,
    out: Kept = None,
    workers: Workers = None,
) -> None:
    """Write the answer as one HTML page that needs nothing beside it, with the register of assumptions.

    [bold]Examples[/bold]

    roi report scenarios/retail.yaml -o report.html --quick

    roi report results -o report.html --pdf report.pdf – from results that are there already
    """
    from sim.present.client.palette import Palette, palette
    from sim.present.deliverables import needs
    from sim.present.report.printing import BY_HAND, print_pdf

    needs("a report")
    files.can_hold_document(output, ".html")
    if pdf is not None:
        files.can_hold_document(pdf, ".pdf")
    chosen = palette(colours, accent) or Palette()
    from sim.present.report.report import report as made

    asked = Asked(
        firm, against, replications, uncertain, precision, seed, settings, quick, axes, region, sensitivity, workers
    )
    case = _case(source, asked, out)
    files.save_bytes(made(case, chosen, asked.command("report", source, case)).encode("utf-8"), output)
    printed = pdf is None or print_pdf(output, pdf)
    for warning in chosen.warnings:
        print(f"roi: {warning}", file=sys.stderr)
    unprinted = "" if printed else f"No Chromium is installed, so there is no PDF; {BY_HAND.format(page=output)}."
    terminal.say(
        terminal.console(), case.comparison.finding, unprinted, _footer(case.comparison),
        terminal.written(output, pdf if printed else None, out),
    )  # fmt: skip


@app.command()
def workbook(
    source: Source,
    output: Written = Path("answer.xlsx"),
    colours: Colours = None,
    accent: Accent = None,
    firm: Firm = None,
    against: Against = None,
    replications: Replications = None,
    uncertain: Uncertain = False,
    precision: Precision = None,
    seed: Seed = None,
    settings: Settings = None,
    quick: Quick = False,
    axes: MapAxes = None,
    region: RegionFolder = None,
    sensitivity: SensitivityFolder = None,
    out: Kept = None,
    workers: Workers = None,
) -> None:
    """Write the answer as an Excel workbook: the books, and live formulas from them to net present value and payback.

    [bold]Examples[/bold]

    roi workbook scenarios/retail.yaml -o answer.xlsx --quick

    roi workbook results -o answer.xlsx – from results that are there already
    """
    from sim.present.client.palette import Palette, palette
    from sim.present.deliverables import needs

    needs("a workbook")
    files.can_hold_document(output, ".xlsx")
    chosen = palette(colours, accent) or Palette()
    from sim.present.workbook.workbook import workbook as made

    asked = Asked(
        firm, against, replications, uncertain, precision, seed, settings, quick, axes, region, sensitivity, workers
    )
    case = _case(source, asked, out)
    files.save_bytes(made(case, chosen, asked.command("workbook", source, case)), output)
    for warning in chosen.warnings:
        print(f"roi: {warning}", file=sys.stderr)
    live = "Live formulas lead from the books to the answer; the discount rate on the sheet Assumptions may be changed."
    terminal.say(
        terminal.console(), case.comparison.finding, live, _footer(case.comparison), terminal.written(output, out)
    )


class Asked:
    """What the options that deck, report and workbook share ask for."""

    def __init__(
        self, firm: str | None, against: str | None, replications: int | None, uncertain: bool,
        precision: float | None, seed: int | None, settings: Sequence[str] | None, quick: bool,
        axes: Sequence[str] | None, region: Path | None, sensitivity: Path | None, workers: int | None,
    ) -> None:  # fmt: skip
        self.firm, self.against, self.replications, self.uncertain = firm, against, replications, uncertain
        self.precision, self.seed, self.settings, self.quick = precision, seed, settings, quick
        self.axes, self.region, self.sensitivity, self.workers = axes, region, sensitivity, workers

    @property
    def about_the_comparison(self) -> dict[str, Any]:
        """The options that a folder of results has answered already, by name, if they are given."""
        given = {
            "--firm": self.firm, "--against": self.against, "--replications": self.replications,
            "--uncertain": self.uncertain or None, "--precision": self.precision, "--seed": self.seed,
            "--set": self.settings or None,
        }  # fmt: skip
        return {name: value for name, value in given.items() if value is not None}

    @property
    def beside_it(self) -> dict[str, Any]:
        """The options about what is worked out around the comparison, if they are given."""
        given = {"--quick": self.quick, "--map": self.axes, "--region": self.region, "--sensitivity": self.sensitivity}
        return {name: value for name, value in given.items() if value}

    def command(self, what: str, source: Path, case: BusinessCase) -> str:
        """The command that gives the same again, with all that would otherwise be chosen."""
        words = ["roi", what, str(source)]
        if not source.is_dir():
            comparison = case.comparison
            words += ["--firm", comparison.firm, "--against", comparison.against, "--seed", str(comparison.seed)]
            words += ["--uncertain"] * comparison.uncertain
            words += (
                ["--replications", str(comparison.n)]
                if self.precision is None
                else ["--precision", f"{self.precision:g}"]
            )
            words += [word for one in self.settings or () for word in ("--set", one)]
        words += ["--quick"] * self.quick
        words += [word for one in self.axes or () for word in ("--map", one)]
        for name, folder in (("--region", self.region), ("--sensitivity", self.sensitivity)):
            words += [] if folder is None else [name, str(folder)]
        return shlex.join(words)


def _case(source: Path, asked: Asked, out: Path | None) -> BusinessCase:
    """The business case that the options ask for, kept in a folder if that is wished."""
    from sim.experiment.business_case import QUICK, STANDARD, around, business_case
    from sim.experiment.region import Region
    from sim.experiment.sensitivity import Sensitivity
    from sim.present.saved import is_case, load_case, save_case

    if out is not None and not out.absolute().parent.is_dir():
        raise InputError(f"there is no folder {out.absolute().parent} to put {out.name!r} into; create it first")
    more: dict[str, Any] = {
        "varied": _axes(asked.axes),
        "effort": QUICK if asked.quick else STANDARD,
        "region": _loaded(asked.region, Region, "a map, as roi region --out leaves it"),
        "sensitivity": _loaded(asked.sensitivity, Sensitivity, "a tornado, as roi sensitivity --out leaves it"),
        "workers": asked.workers,
    }
    if source.is_dir():
        if asked.about_the_comparison:
            option = next(iter(asked.about_the_comparison))
            raise InputError(
                f"{source} is a folder of results, which has its comparison already; {option} goes with a scenario file"
            )
        if is_case(source):
            if asked.beside_it:
                option = next(iter(asked.beside_it))
                raise InputError(f"{source} holds all results already; without {option} they are told as they are")
            case = load_case(source)
        else:
            from sim.experiment.comparison import Comparison

            comparison = _loaded(source, Comparison, "a comparison, as roi compare --out leaves it")
            with terminal.progress_of_cells() as progress:
                case = around(comparison, progress=progress, **more)
    else:
        scenario, _ = chosen_scenario(source, asked.settings, None)
        with terminal.progress_of_cells() as progress:
            case = business_case(
                scenario, asked.firm, asked.against or "uniform", asked.replications, asked.precision,
                parameters="uncertain" if asked.uncertain else "fixed", seed=1 if asked.seed is None else asked.seed,
                progress=progress, **more,
            )  # fmt: skip
    if out is not None:
        save_case(case, out)
    return case


def _loaded(folder: Path | None, kind: type[Comparison | Region | Sensitivity], right: str) -> Any:
    from sim.present.saved import load_results

    if folder is None:
        return None
    found = load_results(folder)
    if not isinstance(found, kind):
        raise InputError(f"{folder} holds other results; {right}, would be right")
    return found


def _axes(texts: Sequence[str] | None) -> Mapping[str, str] | None:
    """The two axes of the map from ``PATH=LOW:HIGH``; None where none is named."""
    from sim.experiment.axes import parse_axis

    if not texts:
        return None
    found = dict(parse_axis(text) for text in texts)
    if len(found) != 2:
        raise InputError(f"a map has two axes, and --map names {len(found)}; --map twice, each PATH=LOW:HIGH, is right")
    return found


def _footer(comparison: Comparison) -> str:
    from sim.present.style import footer

    return footer(comparison.manifest)
