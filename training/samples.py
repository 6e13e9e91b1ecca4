"""Training samples: token ids of prompt and answer, of which only the answer is learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.errors import GreenrunError, TrainingError


@dataclass(frozen=True, slots=True)
class Sample:
    item: str
    prompt: tuple[int, ...]
    completion: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.completion)


def tokenize(tokenizer: Any, items: Sequence[Item], max_length: int) -> list[Sample]:
    """One sample for each turn that is learned, nothing truncated.

    Raises:
        TrainingError: a sample is longer than `max_length`, or there is none, or the chat template leaves out a part.
    """
    if not items:
        raise TrainingError("no training items")
    samples = []
    for item in items:
        for sample in _samples(tokenizer, item):
            if len(sample) > max_length:
                raise TrainingError(
                    f"{item.id}: {len(sample)} tokens, recipe.max_length is {max_length}; "
                    "shorten the item or raise the limit, truncation would cut the answer"
                )
            samples.append(sample)
    return samples


def _samples(tokenizer: Any, item: Item) -> Iterator[Sample]:
    try:
        for prompt, completion in tokens.all_learned_ids(tokenizer, item):
            yield Sample(item.id, tuple(prompt), tuple(completion))
    except TrainingError:
        raise
    except GreenrunError as error:
        raise TrainingError(f"{item.id}: {error}") from error


def collate(samples: Sequence[Sample], pad: int) -> dict[str, Any]:
    """Right-padded batch: input_ids and attention_mask (batch, time), labels with -100 on prompt and padding."""
    import torch

    width = max(map(len, samples))
    ids = torch.full((len(samples), width), pad)
    labels = torch.full((len(samples), width), -100)
    mask = torch.zeros((len(samples), width), dtype=torch.long)
    for row, sample in enumerate(samples):
        ids[row, : len(sample)] = torch.tensor([*sample.prompt, *sample.completion])
        labels[row, len(sample.prompt) : len(sample)] = torch.tensor(sample.completion)
        mask[row, : len(sample)] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


class Buckets:
    """A sampler of indices: shuffled, sorted by length within a window of batches, then the batches shuffled again.

    Batches need little padding and still mix kinds of items; the same seed gives the same order.
    """

    WINDOW = 4
    """Batches in a window. A small set sorted as a whole would put every short refusal in one batch."""

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed = list(lengths), batch_size, seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, each of which has an order of its own; a resumed training begins in the middle of one."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        import torch

        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        order = torch.randperm(len(self), generator=generator).tolist()
        span = self.batch_size * self.WINDOW
        windows = [sorted(order[i : i + span], key=self.lengths.__getitem__) for i in range(0, len(self), span)]
        batches = [
            window[i : i + self.batch_size] for window in windows for i in range(0, len(window), self.batch_size)
        ]
        full = [batch for batch in batches if len(batch) == self.batch_size]
        short = [index for batch in batches if len(batch) < self.batch_size for index in batch]
        for k in torch.randperm(len(full), generator=generator).tolist():
            yield from full[k]
        yield from short  # last, since the loader cuts its batches by count
