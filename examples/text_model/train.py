"""A network that reads English text letter by letter and predicts the next letter. Its parameters are nested.

The text is Python's own documentation, which every Python has in `pydoc_data.topics`. The loss is in bits a
letter, logged after every round; lower is better.

    python train.py
"""

from __future__ import annotations

import math
from pydoc_data.topics import topics

import torch
import wandb
from torch import nn
from torch.nn.functional import cross_entropy

LETTERS = "\n abcdefghijklmnopqrstuvwxyz.,'\"()_"
STRETCH = 40  # letters in a row
STEPS_PER_ROUND = 20
DEFAULTS = {
    "model": {"cell": "gru", "units": 64, "embedding": 16},
    "optimizer": {"name": "adam", "lr": 0.003, "weight_decay": 0.0},
    "batch_size": 32,
    "rounds": 6,
    "seed": 0,
}


class Reader(nn.Module):
    """Gives every letter of a text its chance to come next."""

    def __init__(self, cell: str, units: int, embedding: int) -> None:
        """`cell` is "rnn", "gru" or "lstm"."""
        super().__init__()
        self.embed = nn.Embedding(len(LETTERS), embedding)
        self.cell = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](embedding, units, batch_first=True)
        self.head = nn.Linear(units, len(LETTERS))

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        """Return the logits, (batch, length, letters), of what follows each letter of (batch, length)."""
        return self.head(self.cell(self.embed(text))[0])


def load_text() -> torch.Tensor:
    """Return the documentation as the numbers of its letters, in lower case; others are left out."""
    whole = "\n".join(topics[name] for name in sorted(topics)).lower()
    return torch.tensor([LETTERS.index(letter) for letter in whole if letter in LETTERS])


def loss_on(model: Reader, stretches: torch.Tensor) -> torch.Tensor:
    """Return the mean loss of predicting each letter from those before it, in bits."""
    logits = model(stretches[:, :-1])
    return cross_entropy(logits.flatten(0, 1), stretches[:, 1:].flatten()) / math.log(2)


def main() -> None:
    """Train with the configuration of the run, and log the validation loss after every round."""
    with wandb.init(config=DEFAULTS) as run:
        config = run.config
        random = torch.Generator().manual_seed(config["seed"])
        torch.manual_seed(config["seed"])
        text = load_text()
        train, valid = text[: int(0.9 * len(text))], text[int(0.9 * len(text)) :]
        valid = valid[: 64 * (STRETCH + 1)].view(64, STRETCH + 1)
        model = Reader(**config["model"])
        kinds = {"adam": torch.optim.AdamW, "sgd": torch.optim.SGD}
        settings = dict(config["optimizer"])
        optimizer = kinds[settings.pop("name")](model.parameters(), **settings)
        for number in range(1, config["rounds"] + 1):
            for _ in range(STEPS_PER_ROUND):
                starts = torch.randint(len(train) - STRETCH, (config["batch_size"], 1), generator=random)
                optimizer.zero_grad()
                loss_on(model, train[starts + torch.arange(STRETCH + 1)]).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
            with torch.no_grad():
                run.log({"round": number, "bits": loss_on(model, valid).item()})


if __name__ == "__main__":
    main()
