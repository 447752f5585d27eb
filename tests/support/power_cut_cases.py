"""A sweep whose power is cut: run by a launcher of your own, in this process; every operation is counted."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.offline.ask_tell import ask, open_ask, tell, tell_lost
from fashion_wb.offline.start.opening import StartOptions
from fashion_wb.runlog.writing import WrittenRun, write_run
from fashion_wb.sweep_folder.opening import read_sweep_dir
from fashion_wb.sweepfile.sweep import make_sweep

CAP = 4
CONFIG = {
    "method": "random",
    "command": ["true"],
    "metric": {"name": "loss"},
    "early_terminate": {"type": "hyperband", "min_iter": 1, "eta": 4, "strict": True},
    "parameters": {"x": {"values": [0, 1, 2, 3, 4, 5]}},
}
# The third is stopped early, and perhaps the last, which is drawn.
INITIAL = "- {x: 3}\n- {x: 1}\n- {x: 4}\n"
# The trial that its launcher gives up at its first attempt.
LOST = 1


@dataclass
class Launcher:
    """Asks for trials and runs them one after the other, outside of the disk that loses power.

    Attributes:
        top: an empty folder: the disk is `disk` in it, and the launcher keeps its own things beside it.
        seen: by number of the trial, its configuration as it was handed out.
        ended: by number of the trial, how it ended as the sweep told.
        began: when all its runs started: a run has one folder, however often its log grows.
    """

    top: Path
    seen: dict[int, object] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)
    began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.root.parent.mkdir()
        (self.top / "initial.yaml").write_text(INITIAL)

    @property
    def root(self) -> Path:
        return self.top / "disk" / "sweep"

    def play(self) -> None:
        """Run the sweep until it is done."""
        sweep = make_sweep(CONFIG, default_name="sweep")
        start = StartOptions(initial=self.top / "initial.yaml")
        with (self.top / "printed").open("a") as stream:
            open_ask(self.root, sweep, 3, CAP, 1, start, stream)
        self._take_back()
        while (answer := ask(self.root, self.top)).state == "trial":
            self._run(answer.launch.key, answer.launch.attempt)
        assert answer.state == "done"

    def check(self) -> None:
        """Check the record of the sweep once it is done."""
        trials = read_sweep_dir(self.root).read_trials()
        assert [trial.number for trial in trials] == list(range(CAP))
        assert {trial.number: trial.config for trial in trials} == self.seen
        for trial in trials:
            # The answer to the launcher may have been lost with the power.
            assert str(trial.state) == self.ended.get(trial.number, str(trial.state))
            assert len(trial.history) == {"finished": 3, "stopped": 1}[trial.state]
        runs = [path.name[-4:] for path in self.root.glob("wandb/*run-*")]
        assert sorted(runs) == [f"{number:04d}" for number in range(CAP)]

    def _take_back(self) -> None:
        """Give up what was out when the power went."""
        folder = read_sweep_dir(self.root)
        for path in sorted(folder.proposals.glob("asked-*.json")):
            attempt = json.loads(path.read_text())["attempt"]
            with contextlib.suppress(FashionWbError):
                tell_lost(self.root, self.top, path.stem.removeprefix("asked-"), attempt, "power cut")

    def _run(self, run_id: str, attempt: int) -> None:
        number = int(run_id[-4:])
        folder = read_sweep_dir(self.root)
        config = folder.read_config(run_id)
        assert self.seen.setdefault(number, config) == config
        if (number, attempt) == (LOST, 1):
            tell(self.root, self.top, run_id, attempt, self._log(run_id, config, rows=1, code=255), None)
            tell_lost(self.root, self.top, run_id, attempt, "its machine is gone")
            return
        assert number not in self.ended, "it is trained again although it has ended"
        log = self._log(run_id, config, rows=1, code=None)
        _, stop = tell(self.root, self.top, run_id, attempt, log, None)
        log = self._log(run_id, config, rows=1 if stop else 3, code=255 if stop else 0)
        trial, _ = tell(self.root, self.top, run_id, attempt, log, -15 if stop else 0)
        self.ended[number] = str(trial.state)

    def _log(self, run_id, config, rows, code):
        """Write what a run has logged so far, as wandb does; return its folder."""
        losses = [config["x"] + 1 / (step + 1) for step in range(rows)]
        history = [{"loss": loss, "_step": step, "_runtime": 0.1 * step} for step, loss in enumerate(losses)]
        run = WrittenRun(run_id, run_id[:8], "p", config, history, code or 0, started=self.began)
        log = write_run(run, self.top / "launcher")
        if code is None:
            log.write_bytes(log.read_bytes()[:-9])
        (log.parent / "files").mkdir(exist_ok=True)
        (log.parent / "files" / "requirements.txt").write_text("wandb\n")
        return log.parent
