"""A picture in a notebook carries a text twin that changes whenever what is plotted changes."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from typing import Any

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbclient import NotebookClient

from sim.experiment.progress import told
from sim.present.notebook import bundle, figure_digest, show
from sim.present.style import new_figure


def picture() -> Any:
    """A line, a band, bars, points, whiskers, a mesh, an image and words."""
    figure = new_figure(6.0, 5.0)
    (one, two), (three, four) = figure.subplots(2, 2)
    month = np.arange(24.0)
    one.plot(month, np.sin(month), color="#12436D", label="Trusted")
    one.fill_between(month, np.sin(month) - 0.2, np.sin(month) + 0.2, color="#12436D", alpha=0.2)
    one.set_title("Trust")
    one.set_ylabel("0 to 1")
    two.barh([0, 1, 2], [3.0, -1.0, 2.0], color="#767676")
    two.errorbar([3.0, -1.0], [0.0, 1.0], xerr=[0.1, 0.2], fmt="none")
    two.annotate("a", (3.0, 0.0))
    two.annotate("b", (-1.0, 1.0))
    two.set_yticks([0, 1, 2], ["A", "B", "C"])
    three.scatter([1.0, 2.0], [3.0, 4.0], color="#F46A25")
    three.pcolormesh(np.arange(6.0).reshape(2, 3))
    four.imshow(np.arange(6.0).reshape(2, 3))
    figure.text(0.5, 0.98, "The finding")
    return figure


def mid_value(figure: Figure) -> None:
    line = figure.axes[0].lines[0]
    values = np.array(line.get_ydata(), dtype=float)
    values[12] += 0.01
    line.set_ydata(values)


def band(figure: Figure) -> None:
    np.asarray(figure.axes[0].collections[0].get_paths()[0].vertices)[7, 1] += 0.01


def swap(figure: Figure) -> None:
    first, second = figure.axes[1].texts
    first.set_text("b")
    second.set_text("a")


CHANGES: dict[str, Callable[[Any], Any]] = {
    "a value in the middle of a line": mid_value,
    "a corner of a band": band,
    "the line's colour": lambda f: f.axes[0].lines[0].set_color("#12436E"),
    "the line's style": lambda f: f.axes[0].lines[0].set_linestyle("dashed"),
    "a series' name": lambda f: f.axes[0].lines[0].set_label("Uniform"),
    "a bar": lambda f: f.axes[1].patches[1].set_width(-1.01),
    "a bar's hatch": lambda f: f.axes[1].patches[1].set_hatch("//"),
    "a whisker": lambda f: f.axes[1].collections[0].set_segments([[(2.9, 0), (3.2, 0)], [(-1.2, 1), (-0.8, 1)]]),
    "two swapped names on an axis": lambda f: f.axes[1].set_yticks([0, 1, 2], ["B", "A", "C"]),
    "two swapped labels of bars": swap,
    "a point": lambda f: f.axes[2].collections[0].set_offsets([[1.0, 3.0], [2.0, 4.01]]),
    "a cell of a mesh": lambda f: f.axes[2].collections[1].set_array(np.array([[0.0, 1, 2], [3, 4.01, 5]])),
    "the colours of a mesh": lambda f: f.axes[2].collections[1].set_cmap("PuOr"),
    "a pixel": lambda f: f.axes[3].images[0].set_data(np.array([[0.0, 1, 2], [3, 4.01, 5]])),
    "the range of an axis": lambda f: f.axes[0].set_ylim(-3.0, 3.0),
    "the finding": lambda f: f.texts[0].set_text("Another finding"),
    "a unit": lambda f: f.axes[0].set_ylabel("%"),
    "the title of a panel": lambda f: f.axes[0].set_title("Distrust"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_has_another_twin(change: str) -> None:
    figure = picture()
    before = figure_digest(figure)
    CHANGES[change](figure)
    assert figure_digest(figure) != before


def test_the_same_data_have_the_same_twin() -> None:
    assert figure_digest(picture()) == figure_digest(picture())
    figure = picture()
    assert figure_digest(figure) == figure_digest(figure)


def test_noise_in_the_last_digits_and_the_size_of_the_canvas_do_not_change_the_twin() -> None:
    figure = picture()
    before = figure_digest(figure)
    line = figure.axes[0].lines[0]
    line.set_ydata(np.asarray(line.get_ydata(), dtype=float) * (1.0 + 1e-13))
    figure.set_dpi(131)
    assert figure_digest(figure) == before


def test_the_twin_reads_as_a_table_of_what_is_plotted() -> None:
    lines = figure_digest(picture()).splitlines()
    assert lines[0] == "[Trust; 0 to 1]"
    assert sum(line.startswith("  bar: ") for line in lines) == 3
    assert "  line 'Trusted': 24 points from 0 to -0.846, lowest -1, highest 0.991" in lines
    assert lines[-1].startswith("digest ")


def test_a_bundle_is_a_png_with_its_words() -> None:
    data, metadata = bundle(picture(), "Trust swings.")
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"].startswith("Trust swings.\n[Trust; 0 to 1]\n")
    assert metadata == {"image/png": {"alt": "Trust swings."}}
    assert bundle(picture(), "Trust swings.") == (data, metadata)


def test_outside_a_notebook_the_words_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show(picture(), "Trust swings.")
    assert capsys.readouterr().out.startswith("Trust swings.\n[Trust; 0 to 1]\n")


@pytest.mark.slow
def test_in_a_notebook_the_picture_and_its_twin_are_shown() -> None:
    code = (
        "from sim import Scenario, simulate\n"
        "from sim.present.charts import market_chart\n"
        "from sim.present.notebook import show\n"
        "market = {'firms': {'A': {}}, 'horizon_months': 2, 'customers': {'count': 20}}\n"
        "figure = market_chart(simulate(Scenario.model_validate(market), customers='agents'), 'trust')\n"
    )
    cells = [code + "show(figure, 'Trust in A.')", "figure", "import matplotlib.pyplot\nfigure"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3").execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert [len(one) for one in outputs] == [1, 1, 1]
    shown, *as_it_is = (one[0] for one in outputs)
    assert shown.metadata["image/png"].alt == "Trust in A."
    assert shown.data["text/plain"].startswith("Trust in A.\n[Trust; mean of the firm's customers, 0 to 1]\n")
    for one in as_it_is:  # with pyplot imported and without
        assert one.metadata["image/png"].alt.startswith("In this run the trust of A ends at")
        assert one.data["image/png"] == shown.data["image/png"]


def test_a_bar_of_progress_is_not_shown_in_a_notebook_where_bars_are_switched_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import tqdm.auto

    made: list[Any] = []
    plain = tqdm.tqdm

    def kept(*arguments: Any, **named: Any) -> Any:
        made.append(named)
        return plain(*arguments, **named)

    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(tqdm.auto, "tqdm", kept)
    for setting, off in (("1", True), ("", False)):
        monkeypatch.setenv("TQDM_DISABLE", setting)
        with told(None, "cell") as tell:
            assert tell is not None
            tell(0, 2)
            tell(2, 2)
        assert made.pop()["disable"] is off
