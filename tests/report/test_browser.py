"""The report in a real browser: its styles apply under its own policy, it fits a phone, it follows light and dark, it prints."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from PIL import Image
from stories import hostile, large, proven, stored

from provender.report.page import report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr")  # fmt: skip
LIGHT, DARK = (0xFD, 0xFD, 0xFB), (0x15, 0x17, 0x19)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")]


def chromium(page: Path, *flags: str) -> subprocess.CompletedProcess:
    with tempfile.TemporaryDirectory() as profile:
        command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", *flags, page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def written(folder: Path, text: str) -> Path:
    page = folder / "report.html"
    page.write_text(text, encoding="utf-8")
    return page


@pytest.mark.parametrize(("scheme", "paper"), [("1", LIGHT), ("0", DARK)])
def test_styles_apply_in_light_and_dark_and_nothing_is_refused(tmp_path: Path, scheme: str, paper: tuple[int, int, int]) -> None:
    picture = tmp_path / "page.png"
    page = written(tmp_path, report("run-1", stored(hostile())))
    done = chromium(page, f"--screenshot={picture}", "--window-size=1200,2000", f"--blink-settings=preferredColorScheme={scheme}")
    assert "CONSOLE" not in done.stderr, done.stderr
    with Image.open(picture) as image:
        assert image.convert("RGB").getpixel((3, 3)) == paper
        assert len(image.convert("RGB").getcolors(1 << 20)) > 20


@pytest.mark.parametrize("story", [proven(), hostile(), large(400)], ids=["small", "hostile", "large"])
def test_nothing_is_wider_than_a_phone(tmp_path: Path, story: list) -> None:
    """Measured on a copy without the policy, which carries one script for it: the page itself may run none."""
    text = report("run-1", stored(story))
    measure = "<script>document.title = 'widths ' + document.documentElement.scrollWidth + ' ' + innerWidth</script></body>"
    copy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text).replace("</body>", measure)
    done = chromium(written(tmp_path, copy), "--dump-dom", "--window-size=390,900")
    scrolled, shown = map(int, re.search(r"<title>widths (\d+) (\d+)</title>", done.stdout).groups())
    assert scrolled <= shown <= 500


def test_no_script_of_a_hostile_text_runs(tmp_path: Path) -> None:
    done = chromium(written(tmp_path, report("run-1", stored(hostile()))), "--dump-dom")
    assert "<script" not in done.stdout and "<img" not in done.stdout
    assert "alert(1)" in done.stdout


def test_it_prints(tmp_path: Path) -> None:
    paper = tmp_path / "report.pdf"
    chromium(written(tmp_path, report("run-1", stored(proven()))), f"--print-to-pdf={paper}", "--no-pdf-header-footer")
    assert paper.read_bytes().startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) >= 2
